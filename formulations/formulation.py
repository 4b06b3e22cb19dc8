"""What formulations of every kind of problem share: a name to be built by, and a way back.

A registry lists each ``NamedFormulation`` of a kind; what it builds is a ``StatedProblem``: the
statement that an engine loads, and the way from its columns to an answer in the problem's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from formulations.milp import IntArray
from formulations.program import ProgramKind, Statement
from formulations.size import ProgramSize

__all__ = ["NamedFormulation", "RefusedError", "StatedProblem", "formulation_named"]


class RefusedError(ValueError):
    """A formulation is too large for this problem, or cannot say it; the message says why."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Problem = TypeVar("_Problem", bound=_Named)
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, eq=False)
class StatedProblem(Generic[_Problem, _Answer]):
    """One formulation of one problem.

    Parameters
    ----------
    formulation
        Its name in the registry.
    statement
        What an engine loads.
    decoder
        From the integer values of all columns, (n_columns,) int64, to the answer they stand for;
        raises ``ValueError`` where they stand for none.
    """

    formulation: str
    problem: _Problem
    statement: Statement
    decoder: Callable[[IntArray], _Answer]

    @property
    def name(self) -> str:
        """Problem and formulation, for messages."""
        return f"{self.problem.name}/{self.formulation}"

    @property
    def kind(self) -> ProgramKind:
        """What kind of engine it takes."""
        return self.statement.kind

    def decode(self, x: IntArray) -> _Answer:
        """The answer that a solution of the statement stands for.

        Raises
        ------
        ValueError
            If ``x`` stands for none.
        """
        return self.decoder(x)


@dataclass(frozen=True, slots=True)
class NamedFormulation:
    """One way to state the problems of a family; its builder is imported when it is asked for.

    Parameters
    ----------
    kind
        What kind of engine takes its programs.
    summary
        One line for people.
    textbook
        Whether it is the one that a textbook would write down first; others are measured against
        it.
    strength
        One line: how strong its linear relaxation is beside the others of its family, and whether
        that is proved (in the module's text) or measured.
    """

    family: ClassVar[str]
    """The folder of ``formulations`` that its module lies in."""

    name: str
    kind: ProgramKind
    summary: str
    textbook: bool = field(default=False, kw_only=True)
    strength: str = field(default="", kw_only=True)
    libraries: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def module(self) -> str:
        """The module whose text is the model."""
        return f"formulations.{self.family}.{self.name}"

    def builder(self) -> Any:
        """``build_NAME`` of the module ``NAME``; the registry of the family knows its type."""
        return vars(import_module(self.module))[f"build_{self.name}"]

    def size(self, problem: Any) -> ProgramSize:
        """Rows and columns by the formulas of its text, ``size_NAME`` of the module; no building.

        Raises
        ------
        ValueError
            If it cannot state the problem.
        """
        size: ProgramSize = vars(import_module(self.module))[f"size_{self.name}"](problem)
        return size

    def applies(self, problem: Any) -> str | None:  # noqa: ARG002
        """Why it cannot state the problem, or ``None``: as far as can be told at a glance."""
        return None


_Formulation = TypeVar("_Formulation", bound=NamedFormulation)


def formulation_named(
    name: str, formulations: Iterable[_Formulation], *, family: str
) -> _Formulation:
    """The formulation of this name.

    Raises
    ------
    ValueError
        If there is none; the message lists those there are.
    """
    known = {formulation.name: formulation for formulation in formulations}
    if name not in known:
        raise ValueError(
            f"no {family} formulation is called {name!r}; there are {', '.join(known)}"
        )
    return known[name]
