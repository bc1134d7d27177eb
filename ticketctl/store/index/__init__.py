"""The index of all tickets, in SQLite; it is derived from the files, and disposable."""
