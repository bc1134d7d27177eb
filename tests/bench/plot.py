"""The plot of the page: cost against the number of tickets, both on logarithmic scales,
as SVG written by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

Point = tuple[float, float]
_COLOURS = (
    "#0a7d5a",
    "#c2410c",
    "#2563eb",
    "#a21caf",
    "#b08900",
    "#0e7490",
    "#be123c",
    "#64748b",
)
_WIDE, _HIGH, _LEFT, _TOP, _RIGHT, _BOTTOM = 936, 480, 92, 44, 280, 56
_STYLE = """<style>
svg { background: #ffffff; color: #1f2328; font: 13px system-ui, sans-serif }
.grid { stroke: currentColor; stroke-opacity: .15 } text { fill: currentColor }
@media (prefers-color-scheme: dark) { svg { background: #0d1117; color: #e6edf3 } .line { filter: brightness(1.5) } }
</style>"""


def plot(series: Mapping[str, Sequence[Point]], title: str) -> str:
    """An SVG of some curves.

    Args:
        series: name -> (number of tickets, milliseconds) each; those without points are
            left out.
    """
    shown = {name: sorted(points) for name, points in series.items() if points}
    points = [point for found in shown.values() for point in found]
    if not points:
        points = [(1000, 1), (10_000, 10)]
    across, up = _range(x for x, _ in points), _range(y for _, y in points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" role="img">',
        f"<title>{escape(title)}</title>",
        _STYLE,
        f'<rect width="{_WIDE}" height="{_HIGH}" fill="none"/>',
        f'<text x="{_LEFT}" y="24" font-weight="600">{escape(title)}</text>',
        *_grid(across, up),
    ]
    for number, (name, found) in enumerate(shown.items()):
        parts += _curve(
            name, found, _COLOURS[number % len(_COLOURS)], number, across, up
        )
    return "\n".join([*parts, "</svg>", ""])


def _range(values: Iterable[float]) -> tuple[int, int]:
    """The powers of ten between which all values lie."""
    logs = [math.log10(value) for value in values]
    low, high = math.floor(min(logs)), math.ceil(max(logs))
    return low, max(high, low + 1)


def _x(value: float, across: tuple[int, int]) -> float:
    share = (math.log10(value) - across[0]) / (across[1] - across[0])
    return round(_LEFT + share * (_WIDE - _LEFT - _RIGHT), 1)


def _y(value: float, up: tuple[int, int]) -> float:
    share = (math.log10(value) - up[0]) / (up[1] - up[0])
    return round(_HIGH - _BOTTOM - share * (_HIGH - _TOP - _BOTTOM), 1)


def _grid(across: tuple[int, int], up: tuple[int, int]) -> list[str]:
    """The lines at the powers of ten, and what they stand for."""
    right, bottom = _WIDE - _RIGHT, _HIGH - _BOTTOM
    parts = []
    for power in range(across[0], across[1] + 1):
        x = _x(10**power, across)
        parts.append(
            f'<line class="grid" x1="{x}" y1="{_TOP}" x2="{x}" y2="{bottom}"/>'
        )
        parts.append(
            f'<text x="{x}" y="{bottom + 20}" text-anchor="middle">{10**power:,}</text>'
        )
    for power in range(up[0], up[1] + 1):
        y = _y(10**power, up)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" y1="{y}" x2="{right}" y2="{y}"/>'
        )
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{_time(10**power)}</text>'
        )
    middle = (_LEFT + right) / 2
    parts.append(
        f'<text x="{middle}" y="{_HIGH - 12}" text-anchor="middle">tickets in the store</text>'
    )
    y = (_TOP + bottom) / 2
    parts.append(
        f'<text transform="translate(16 {y}) rotate(-90)" text-anchor="middle">time of one command</text>'
    )
    return parts


def _time(ms: float) -> str:
    """Milliseconds as people say it."""
    return f"{ms / 1000:g} s" if ms >= 1000 else f"{ms:g} ms"


def _curve(
    name: str,
    points: Sequence[Point],
    colour: str,
    number: int,
    across: tuple[int, int],
    up: tuple[int, int],
) -> list[str]:
    """One curve with a mark at every point, and its line of the legend. Ours are drawn
    through, others are dashed."""
    dash = "" if name.startswith("ticketctl") else ' stroke-dasharray="6 4"'
    drawn = [(_x(x, across), _y(y, up)) for x, y in points]
    line = " ".join(f"{x},{y}" for x, y in drawn)
    x, y = _WIDE - _RIGHT + 18, _TOP + 12 + number * 24
    stroke = f'class="line" stroke="{colour}" stroke-width="2.2" fill="none"{dash}'
    return [
        f'<polyline {stroke} points="{line}"/>',
        *(
            f'<circle class="line" cx="{cx}" cy="{cy}" r="3.5" fill="{colour}"/>'
            for cx, cy in drawn
        ),
        f'<line {stroke} x1="{x}" y1="{y}" x2="{x + 28}" y2="{y}"/>',
        f'<text x="{x + 36}" y="{y + 4}">{escape(name)}</text>',
    ]
