"""From answers to text, for people and for programs."""
