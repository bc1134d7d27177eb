"""``python -m ticketctl``."""

from ticketctl.cli.main import main

main()
