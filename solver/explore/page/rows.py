"""The frontier as rows, kept for the answers looked at last.

A click asks for the same rows several times, and those of thirty thousand points take seconds.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from solver.explore.views import FrontierRows, frontier_rows

__all__ = ["rows_of"]

_KEPT = 4
"""Two scenarios, and what each showed before."""

_recent: deque[tuple[Mapping[str, Any], FrontierRows]] = deque(maxlen=_KEPT)
_lock = threading.Lock()


def rows_of(document: Mapping[str, Any]) -> FrontierRows:
    """``frontier_rows`` of an answer of the session, which nobody changes any more.

    Raises
    ------
    ResultError
        If a value is missing or of the wrong type.
    """
    with _lock:
        for kept, rows in _recent:
            # Not by its digest: only this very document is known to be the same.
            if kept is document:
                return rows
        found = frontier_rows(document)
        _recent.append((document, found))
        return found
