"""The pure centre: interviews as written, interviews running, stories and what they count to."""
