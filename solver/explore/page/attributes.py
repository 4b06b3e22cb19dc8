"""Attributes of elements whose names hold a hyphen, which no keyword of Python can."""

from __future__ import annotations

from typing import Any

__all__ = ["data", "label"]


def label(text: str) -> dict[str, Any]:
    """What a screen reader says of an element that shows no such text."""
    return {"aria-label": text}


def data(**values: str) -> dict[str, Any]:
    """Values that the script of the page reads from the element that is clicked."""
    return {f"data-{name}": value for name, value in values.items()}
