"""Names of replicas that every form can carry: small letters, digits and hyphens."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["unique_names"]

_LONGEST = 40
"""A Kubernetes label holds 63 characters; the forms add what tells their objects apart."""


def _slug(text: str) -> str:
    """``text`` in small letters, digits and single hyphens, beginning with a letter."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()[: 4 * _LONGEST]).strip("-")
    if not words[:1].isalpha():
        words = f"replica-{words}".rstrip("-")
    return words[:_LONGEST].rstrip("-")


def unique_names(wanted: Iterable[str]) -> tuple[str, ...]:
    """One name for each wanted text, in order; repeats take a number: ``chat``, ``chat-2``."""
    names: list[str] = []
    taken: set[str] = set()
    for text in wanted:
        name, number = _slug(text), 1
        while name in taken:
            number += 1
            end = f"-{number}"
            name = _slug(text)[: _LONGEST - len(end)].rstrip("-") + end
        taken.add(name)
        names.append(name)
    return tuple(names)
