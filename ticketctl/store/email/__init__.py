"""Email: parse, compose, send by SMTP, fetch by IMAP, and quarantine."""
