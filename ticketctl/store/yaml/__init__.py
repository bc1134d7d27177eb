"""Ticket files, profiles and settings as YAML: reading with places, writing, changing
lines."""
