"""The fleet formulations by name; a builder is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import FleetProgram
from formulations.fleet.rack_bins import MOST_PLACES, number_of_places
from formulations.fleet.routing import Cut
from formulations.formulation import NamedFormulation, formulation_named

__all__ = ["FORMULATIONS", "Formulation", "get_formulation"]

_Builder = Callable[[FleetProblem, Sequence[Sequence[Cut]]], FleetProgram]


@dataclass(frozen=True, slots=True)
class Formulation(NamedFormulation):
    """One way to state the fleet problem.

    Parameters
    ----------
    exact
        Whether an optimum of its program, once all routing cuts it breaks are in, is one of the
        problem; else it is an upper bound.
    places
        Whether it writes racks out one by one.
    patterns
        Whether it lays racks out by patterns.
    """

    family: ClassVar[str] = "fleet"

    exact: bool
    places: bool
    patterns: bool

    def build(self, problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> FleetProgram:
        """State ``problem`` in this formulation.

        Parameters
        ----------
        cuts
            For each routing of the problem, cuts found so far; ``()`` for none.

        Raises
        ------
        ValueError
            If it does not apply, or the data are beyond it; the message says why.
        """
        builder: _Builder = self.builder()
        return builder(problem, cuts)

    def applies(self, problem: FleetProblem) -> str | None:
        """Why it cannot state the problem, or ``None``.

        Only what is told at a glance: ``build`` may still refuse patterns that are too many.
        """
        racks = problem.racks
        if self.patterns and racks is None:
            return "the problem has no racks"
        if self.patterns and racks is not None and racks.survive_loss:
            return "patterns do not say what the loss of a rack takes away"
        if self.places and racks is not None:
            places = number_of_places(racks)
            if places > MOST_PLACES:
                return f"{places} places in single racks are more than {MOST_PLACES}"
        return None


FORMULATIONS: tuple[Formulation, ...] = (
    Formulation(
        "counts", "milp", "integer replicas, racks one by one, rows tightened, equal racks ordered",
        exact=True, places=True, patterns=False,
        strength="at least rack_assignment (proved)",
    ),
    Formulation(
        "rack_patterns", "milp", "a multiplicity for every maximal pattern of a rack",
        exact=True, places=False, patterns=True,
        strength="at least counts, the same as rack_arc_flow (proved)",
    ),
    Formulation(
        "column_generation", "milp", "rack patterns priced on demand: an upper bound",
        exact=False, places=False, patterns=True,
        strength="no bound on the problem; its dual bound is that of rack_patterns, less rounding",
    ),
    Formulation(
        "cp_counts", "cp", "integer replicas for CP-SAT alone, for small cases",
        exact=True, places=True, patterns=False,
        strength="no linear relaxation is stated",
    ),
    Formulation(
        "rack_assignment", "milp", "integer replicas assigned to single racks, rows as they stand",
        exact=True, places=True, patterns=False, textbook=True,
        strength="the weakest here: the total room of racks, fractions of replicas (proved)",
    ),
    Formulation(
        "rack_arc_flow", "milp", "racks flow through the fill states of one",
        exact=True, places=False, patterns=True,
        strength="the same as rack_patterns (proved)",
    ),
    Formulation(
        "column_enumeration", "milp", "rack patterns priced on demand, then all of small cost",
        exact=True, places=False, patterns=True,
        strength="at least rack_patterns for what is minimised (proved)",
    ),
    Formulation(
        "counts_log", "milp", "counts with every whole number in bits",
        exact=True, places=True, patterns=False,
        strength="the same as counts (proved)",
    ),
    Formulation(
        "counts_unary", "milp", "counts with every whole number as ordered binaries",
        exact=True, places=True, patterns=False,
        strength="the same as counts (proved)",
    ),
)  # fmt: skip


def get_formulation(name: str) -> Formulation:
    """The formulation of this name; ``ValueError`` that lists those there are, if there is none."""
    return formulation_named(name, FORMULATIONS, family=Formulation.family)
