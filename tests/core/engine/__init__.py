"""Tests of ``ticketctl/core/engine``."""
