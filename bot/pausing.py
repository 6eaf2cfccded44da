"""When a duty goes on."""

Pause = float | None
"""Seconds: 0 is at once, None that nothing is left of it for now."""

HELD = 0.5
"""Until those are looked at again who all were in the middle of a turn."""
