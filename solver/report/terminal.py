"""Printing on terminals that cannot show every character."""

from __future__ import annotations

from rich.console import Console, RenderableType

__all__ = ["show"]

_PLAIN = str.maketrans(
    {
        "★": "*",
        "⁴": "^4",
        "·": ".",
        "×": "x",
        "…": "...",
        "−": "-",
        "µ": "u",
        "∞": "inf",
        "“": '"',
        "”": '"',
    }
)


def show(console: Console, renderable: RenderableType) -> None:
    """Print ``renderable`` on ``console``, in characters that its encoding has.

    On a terminal that is not Unicode, signs have plain stand-ins, and what has none (a letter of a
    name from a file) becomes a question mark: a run that took an hour must not end in an encoding
    error. Stand-ins longer than their sign may push a column of a table aside.
    """
    if not console.options.ascii_only:
        console.print(renderable, highlight=False)
        return
    with console.capture() as captured:
        console.print(renderable, highlight=False)
    encoding = console.encoding
    plain = captured.get().translate(_PLAIN).encode(encoding, errors="replace").decode(encoding)
    console.file.write(plain)
