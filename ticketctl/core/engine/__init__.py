"""The workflow engine: events, guards, moves, timers, notifications."""
