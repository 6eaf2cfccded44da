"""Settings, definitions and texts, read once at start."""
