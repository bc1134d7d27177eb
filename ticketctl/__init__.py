"""ticketctl: a command-line ticket tool with plain-file storage."""

__version__ = "0.1.0"
