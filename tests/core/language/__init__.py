"""Tests of ``ticketctl/core/language``."""
