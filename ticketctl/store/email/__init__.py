"""Email: parsing, composing, SMTP, IMAP and quarantined messages."""
