"""Ticket files, profiles and settings as YAML: read with places, write, edit."""
