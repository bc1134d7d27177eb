"""Tests of ``ticketctl/app/email``."""
