"""Tests of ``ticketctl/store/email``."""
