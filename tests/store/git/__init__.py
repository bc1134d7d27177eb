"""Tests of ``ticketctl/store/git``."""
