"""Exit statuses of the contract."""

from __future__ import annotations

__all__ = ["BAD_INPUT", "BROKEN_PIPE", "COMPLETE", "FAILED", "INFEASIBLE", "PARTIAL", "status_of"]

COMPLETE = 0
FAILED = 1
BAD_INPUT = 2
INFEASIBLE = 3
PARTIAL = 4
BROKEN_PIPE = 141
"""Nobody read the output to its end; as a shell reports it, and none of the contract's answers."""


def status_of(result_status: str) -> int:
    """Exit status of a result."""
    return {"complete": COMPLETE, "infeasible": INFEASIBLE, "partial": PARTIAL}[result_status]
