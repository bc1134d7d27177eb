"""The hosting provider's demands H1 to H12 (seeds/001), as tables and stories."""
