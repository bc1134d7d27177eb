"""Git, always as a process: queries, set-up, and commits."""
