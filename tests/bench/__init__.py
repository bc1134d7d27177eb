"""The benchmark: ``python -m tests.bench`` builds large stores and measures the
commands against limits and peers."""
