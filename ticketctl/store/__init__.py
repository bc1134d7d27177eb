"""Files and git: everything that touches the disk."""
