"""The index of all tickets, in SQLite: derived from the files, and disposable."""
