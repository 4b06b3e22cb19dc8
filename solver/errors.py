"""The one family of exceptions a user of fleetfront can meet.

``except FleetError`` is enough. Every message says what is wrong, where, and how to mend it, on one
line; an error about a file can carry several such faults, so that one run shows them all.
Infeasibility is a *result*, never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

__all__ = [
    "CatalogError",
    "EngineError",
    "Fault",
    "FleetError",
    "InstanceError",
    "OutputError",
    "ResultError",
    "UnsupportedModelError",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one input: ``where`` it is, ``what`` is wrong, how to ``mend`` it."""

    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        text = f"{self.where}: {self.what.rstrip('.')}. {self.mend.rstrip('.')}."
        return " ".join(text.split())


class FleetError(Exception):
    """Base of every error that a caller can mend; holds one fault or several."""

    def __init__(self, *faults: Fault) -> None:
        if not faults:
            raise ValueError("an error needs at least one fault")
        self.faults: tuple[Fault, ...] = faults
        super().__init__("\n".join(str(fault) for fault in faults))

    @classmethod
    def one(cls, what: str, *, where: str, mend: str) -> Self:
        """Build the error from a single fault."""
        return cls(Fault(where=where, what=what, mend=mend))

    @classmethod
    def all_of(cls, faults: Iterable[Fault]) -> Self:
        """Build the error from every fault found in one input."""
        return cls(*faults)


class CatalogError(FleetError):
    """A catalog entry is missing, ambiguous or malformed."""


class InstanceError(FleetError):
    """An instance file cannot be read as a question."""


class UnsupportedModelError(FleetError):
    """A performance model was asked for something it does not model."""


class ResultError(FleetError):
    """A result file cannot be read."""


class OutputError(FleetError):
    """An output cannot be written."""


class EngineError(FleetError):
    """An engine is missing or gave an answer that its guard refuses."""
