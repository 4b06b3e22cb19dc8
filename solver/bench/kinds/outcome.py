"""What running one formulation at one level brought, before it is judged."""

from __future__ import annotations

from dataclasses import dataclass

from solver.bench.figures import Figures
from solver.bench.row import Status

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Figures):
    """How one run ended, and its ``Figures``.

    Parameters
    ----------
    images
        Of runs over whole sets: the nondominated images found.
    contradiction
        An answer that does not hold in the problem: the formulation is wrong, whatever the value.
    """

    status: Status
    message: str = ""
    contradiction: str = ""
    images: tuple[tuple[int, ...], ...] | None = None
    model_sha256: str = ""
