"""Long tests, short in ``make test`` and full in ``make campaign``."""
