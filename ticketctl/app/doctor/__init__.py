"""``doctor``: check the setup around the tickets."""
