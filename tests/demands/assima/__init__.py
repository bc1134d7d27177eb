"""Assima's demands S1 to S12, from its document (003_2b1f3aa3fcae4d29.txt)."""
