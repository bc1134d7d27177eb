"""Tests of ``ticketctl/render``."""
