"""Tests of ``ticketctl/store/index``."""
