"""Git, always as a process: queries, set-up, and the one way to a commit."""
