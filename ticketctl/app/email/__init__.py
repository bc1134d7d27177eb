"""Email in and out: what becomes of a message, and which notifications are due."""
