"""Tests of ``ticketctl/store/writing``."""
