"""Tests of ``ticketctl/app``."""
