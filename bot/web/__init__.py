"""The web server: health, metrics, and the webhooks of platforms."""
