"""Tests of ``ticketctl/app/input``."""
