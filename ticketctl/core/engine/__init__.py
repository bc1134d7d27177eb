"""The workflow engine: decisions about tickets, timers, notifications."""
