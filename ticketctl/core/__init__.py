"""The pure heart: what tickets, workflows and time rules are. No I/O, no clock, no
environment."""
