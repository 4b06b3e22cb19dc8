"""What a page tells of a formulation: its text, and the paragraphs on size and strength in it."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass

from solver.bench.kinds.kind import Entry

__all__ = ["Statement", "model_text", "paragraph", "statements_of"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One formulation or algorithm of a group, for people.

    Parameters
    ----------
    takes
        Kind of statement, or ``algorithm``.
    text
        Of its module: the model.
    size, strength
        Paragraphs of the text; ``strength`` falls back on the line of the registry.
    """

    name: str
    takes: str
    summary: str
    textbook: bool
    exact: bool
    module: str
    text: str
    size: str
    strength: str


def model_text(module: str) -> str:
    """The docstring of a module, read without importing it (it may need an optional library).

    Raises
    ------
    ValueError
        If there is no such module with a source.
    """
    spec = importlib.util.find_spec(module)
    source = None
    if spec is not None and spec.loader is not None and hasattr(spec.loader, "get_source"):
        source = spec.loader.get_source(module)
    if source is None:
        raise ValueError(f"no source of {module}")
    return inspect.cleandoc(ast.get_docstring(ast.parse(source)) or "")


def paragraph(text: str, name: str) -> str:
    """The paragraph that begins with ``name``, alone in a line or before a colon; else empty.

    Of a heading underlined by dashes, everything up to the next heading.
    """
    section = re.search(
        rf"^{name}\w*[^\n]*\n-{{3,}}\n(.*?)(?=\n[^\n]+\n-{{3,}}\n|\Z)", text, re.M | re.S | re.I
    )
    if section:
        return section.group(1).strip()
    line = re.search(
        rf"^(?:\*\*)?{name}[^:.\n]*[:.](?:\*\*)?\s*(.*?)(?=\n\s*\n|\Z)", text, re.M | re.S | re.I
    )
    return line.group(1).strip() if line else ""


def _readable(text: str) -> str:
    """One line, inline mathematics between dollars, names without back-quotes."""
    text = re.sub(r":math:`([^`]*)`", r"$\1$", " ".join(text.split()))
    return text.replace("``", "")


def statements_of(entries: Sequence[Entry], group: str) -> tuple[Statement, ...]:
    """The formulations of a group, the textbook one first, then by name."""
    found = []
    for entry in entries:
        if entry.group != group:
            continue
        text = model_text(entry.module)
        found.append(
            Statement(
                name=entry.name,
                takes=entry.takes,
                summary=entry.summary,
                textbook=entry.textbook,
                exact=entry.exact,
                module=entry.module,
                text=text,
                size=_readable(paragraph(text, "Size")),
                strength=_readable(entry.strength or paragraph(text, "Strength")),
            )
        )
    return tuple(sorted(found, key=lambda one: (not one.textbook, one.name)))
