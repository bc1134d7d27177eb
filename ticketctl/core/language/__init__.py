"""The profile language: from YAML to a checked
:class:`~ticketctl.core.profile.Profile`."""
