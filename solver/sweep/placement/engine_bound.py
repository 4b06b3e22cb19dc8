"""A bound on the token rate that rests on an engine's word, and the program that it searched."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EngineBound"]


@dataclass(frozen=True, slots=True, eq=False)
class EngineBound:
    """A rate that no plan exceeds, by an engine.

    Parameters
    ----------
    engine
        Its name.
    formulation
        Name of the program that it searched.
    """

    rate: int
    engine: str
    formulation: str = "arc_flow"

    @property
    def argument(self) -> str:
        """What stands behind the bound, in a few words."""
        return f"{self.formulation.replace('_', ' ')} by {self.engine}"
