"""How every comparison of two results begins: what they are, what changed, which points stayed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from solver.report.findings import count_of

__all__ = ["compare_opening"]

Document = Mapping[str, Any]


def compare_opening(
    a: Document,
    b: Document,
    *,
    title: Callable[[Document], str],
    status: Callable[[Document], str],
    changes: Sequence[str],
    before: Collection[Any],
    after: Collection[Any],
) -> tuple[list[str], bool]:
    """Sentences, and whether there is more to say.

    Parameters
    ----------
    title, status
        Of a document, in a few words.
    changes
        What changed in the question.
    before, after
        Sets of exact objectives.
    """
    told = [f"Before: {title(a)}, {status(a)}.", f"After: {title(b)}, {status(b)}."]
    old, new = set(before), set(after)
    if not changes and a["status"] == b["status"] and old == new:
        return [*told, "Same question, same status, same points."], False
    told += changes or ["The question is the same."]
    told.append(
        f"{count_of(len(old & new), 'point')} in both, {len(old - new):,} only before, "
        f"{len(new - old):,} only after."
    )
    return told, True
