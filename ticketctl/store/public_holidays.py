"""The public holidays of countries, from the package ``holidays`` (an extra).

A sweep never needs it: holidays are written into files once, as dates.
"""

from __future__ import annotations

from datetime import date

from ticketctl.errors import SettingsError, UsageError, closest


def regions(country: str) -> list[str]:
    """Return the regions of a country that have holidays of their own."""
    import holidays

    return sorted(
        holidays.list_supported_countries(include_aliases=False).get(country, [])
    )


def public_holidays(country: str, region: str | None, year: int) -> dict[date, str]:
    """Return the public holidays of a country, or a region of it, in a year, by date.

    Args:
        country: ISO 3166-1, two capital letters.
        region: ISO 3166-2 without the country, such as ``CA`` or ``BY``.

    Raises:
        SettingsError: the package is not installed.
        UsageError: it does not know the country, the region or the year.
    """
    try:
        import holidays
    except ImportError:
        raise SettingsError(
            "the package holidays is not installed", "pip install 'ticketctl[holidays]'"
        ) from None
    countries = holidays.list_supported_countries(include_aliases=False)
    if country not in countries:
        raise UsageError(
            f'unknown country "{country}"',
            closest(country, list(countries)) or "use two letters, such as GB",
        )
    if region is not None and region not in countries[country]:
        regions = ", ".join(countries[country]) or "none"
        raise UsageError(
            f'unknown region "{region}" of {country}', f"use one of: {regions}"
        )
    days = holidays.country_holidays(
        country, subdiv=region, years=year, language="en_US"
    )
    if not days:
        raise UsageError(f"no holidays are known for {country} in {year}")
    return dict(sorted(days.items()))
