"""Tests of ``ticketctl/app/doctor``."""
