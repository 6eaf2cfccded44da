"""Wires flows, config and storage together and speaks to people."""
