"""Storytrail beside its peers: `make bench`."""
