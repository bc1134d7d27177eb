"""Tests of ``ticketctl/store``."""
