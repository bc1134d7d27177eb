"""Writing files so that they stay: locks, journal, transactions, recovery."""
