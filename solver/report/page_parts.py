"""What pages of every kind embed: templates, drawings, chart data."""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

__all__ = ["script_json", "svg_address", "templates"]

_PATH_DATA = re.compile(r'\bd="[^"]*"')
_LONG_DECIMAL = re.compile(r"(\.\d\d)\d+")


@cache
def templates() -> jinja2.Environment:
    """Templates of this package, everything escaped, an unknown name an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("solver", "report"),
        # Names end in .j2, which would tell jinja nothing.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def svg_address(drawing: bytes) -> str:
    """An SVG as a data address, path coordinates rounded to 1/100 of a point."""
    svg = _PATH_DATA.sub(
        lambda match: _LONG_DECIMAL.sub(r"\1", match.group()), drawing.decode("utf-8")
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def script_json(value: Any) -> Markup:
    """``value`` as JSON that may stand inside a script element whatever names it holds.

    ``<``, ``>`` and ``&`` are escaped, so that no text can close the element, and so are the two
    line separators that JSON allows in text.
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
