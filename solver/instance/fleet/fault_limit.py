"""Faults of long lists: the first ones are shown, the others counted."""

from __future__ import annotations

from collections.abc import Sequence

from solver.errors import Fault

__all__ = ["MAX_LISTED", "listed"]

MAX_LISTED = 20
"""One slip often breaks every row of a table; more lines than this help nobody."""


def listed(faults: Sequence[Fault], where: str) -> list[Fault]:
    """At most ``MAX_LISTED`` of the faults of one file, and one more that counts the rest."""
    shown = list(faults[:MAX_LISTED])
    if len(faults) > len(shown):
        what = f"{len(faults) - len(shown)} more faults are not listed"
        shown.append(Fault(where, what, "Mend these first"))
    return shown
