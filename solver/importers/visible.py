"""Words of foreign files as a message may show them: short, on one line, nothing hidden."""

from __future__ import annotations

__all__ = ["visible"]

_SHOWN = 48


def visible(text: str, limit: int = _SHOWN) -> str:
    """``text`` with control and other unprintable characters as escapes, cut to ``limit``.

    A terminal obeys escape sequences wherever they stand, so no message may carry them.
    """
    cut = text[: limit + 1]
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in cut
    )
    return shown if len(cut) <= limit and len(shown) <= 2 * limit else f"{shown[: 2 * limit]}..."
