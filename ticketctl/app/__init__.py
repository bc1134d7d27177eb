"""The use cases: what a command does, without a word about how it is asked or shown."""
