"""Tests of ``ticketctl/store/yaml``."""
