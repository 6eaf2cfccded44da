"""What is kept: rows of people, conversations, stories, and of all that waits to be sent."""
