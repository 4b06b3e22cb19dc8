"""What the benchmark needs of a group of instances: problems, levels, statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from formulations.formulation import NamedFormulation
from formulations.milp import IntArray
from formulations.program import ProgramKind, Statement
from solver.bench.kinds.level import Level
from solver.bench.kinds.outcome import Outcome
from solver.engines.contract import Engine
from solver.errors import InstanceError

__all__ = ["OWN", "BenchKind", "Built", "Entry", "entries_of", "wrong_kind"]

OWN = "own"
"""Engine of algorithms that are code of this project and need no other engine."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One formulation, or algorithm, of one group.

    Parameters
    ----------
    takes
        Kind of statement; ``algorithm`` where there is none.
    engines
        Of algorithms: what they can run on, ``own`` alone for those that need no engine. Empty for
        programs: every engine that accepts the kind.
    module
        Its text is the model.
    exact
        Whether its optimum is that of the problem; else it states a restriction.
    libraries
        Modules that building imports; loaded before time counts.
    """

    group: str
    name: str
    takes: ProgramKind | Literal["algorithm"]
    summary: str
    module: str
    textbook: bool = False
    strength: str = ""
    engines: tuple[str, ...] = ()
    exact: bool = True
    libraries: tuple[str, ...] = ()


def entries_of(group: str, formulations: Iterable[NamedFormulation]) -> tuple[Entry, ...]:
    """Formulations of a registry as entries of a group."""
    return tuple(
        Entry(
            group, one.name, one.kind, one.summary, one.module,
            textbook=one.textbook, strength=one.strength,
            exact=getattr(one, "exact", True), libraries=one.libraries,
        )
        for one in formulations
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A statement, and what its solutions are worth in the problem itself."""

    statement: Statement
    attained: Callable[[IntArray], Mapping[str, int]]
    learned: list[Any] = field(default_factory=list)
    """What ``attained`` found missing in the statement, for the next round; see ``FleetKind``."""


def wrong_kind(path: Path, group: str) -> InstanceError:
    """A file of another kind where one of this group is needed."""
    return InstanceError.one(
        f"is no question of group {group}",
        where=str(path),
        mend="Name a file of that kind, or another set",
    )


class BenchKind(Protocol):
    """One group of instances."""

    group: str

    def entries(self) -> tuple[Entry, ...]:
        """What can be run."""
        ...

    def problem(self, path: Path) -> Any:
        """The numeric problem behind a file; ``FleetError`` where there is none."""
        ...

    def levels(self, problem: Any, count: int | None, *, time_limit_s: float) -> list[Level]:
        """Levels with proved answers, ``count`` of them or all there are."""
        ...

    def applies(self, problem: Any, formulation: str) -> str | None:
        """Why a formulation cannot state the problem, or ``None``."""
        ...

    def build(self, problem: Any, formulation: str, level: Level) -> Built:
        """State the problem; ``ValueError`` where the formulation cannot."""
        ...

    def run_algorithm(
        self,
        problem: Any,
        formulation: str,
        engine: Engine | None,
        level: Level,
        *,
        time_limit_s: float,
    ) -> Outcome:
        """Run an entry that is an algorithm; ``engine`` is ``None`` where it needs none."""
        ...
