"""Scripts that the Makefile runs: the reference, the samples, the table of demands."""
