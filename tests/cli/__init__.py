"""Tests of ``ticketctl/cli``."""
