"""Tests of ``ticketctl/core``."""
