"""Tests of ``ticketctl/app/index``."""
