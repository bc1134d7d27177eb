"""What tests share: stores, commands, servers, emails, faults."""
