"""``counts`` written in binaries: what ``counts_log`` and ``counts_unary`` share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from formulations.fleet.count_sizes import count_size
from formulations.fleet.counts import build_counts
from formulations.fleet.in_binaries import Binaries, in_binaries
from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import Decoded, FleetProgram
from formulations.fleet.rack_bins import most_of_items
from formulations.fleet.routing import Cut
from formulations.fleet.tight_rows import count_rows, tight_upper
from formulations.milp import IntArray, Milp
from formulations.size import ProgramSize

__all__ = ["binary_program", "binary_size"]


def binary_program(
    problem: FleetProblem,
    cuts: Sequence[Sequence[Cut]],
    *,
    weights: Callable[[int], list[int]],
    ordered: bool,
    formulation: str,
) -> FleetProgram:
    """The program of ``counts`` with binaries in place of every column.

    Parameters
    ----------
    weights
        From the most of a column to the weights of its binaries, which add up to it.
    ordered
        Whether binaries of a column come one after the other.

    Raises
    ------
    ValueError
        As ``build_counts``.
    """
    plain = build_counts(problem, cuts)
    statement = plain.statement
    if not isinstance(statement, Milp):
        raise TypeError(f"{plain.name} is no sparse program")
    each = [weights(most) for most in statement.upper.tolist()]
    binaries = Binaries(each)

    def decode(y: IntArray) -> Decoded:
        return plain.decode(binaries.values(y))

    return FleetProgram(
        formulation=formulation,
        problem=problem,
        statement=in_binaries(
            statement, each, ordered=ordered, name=f"{problem.name}/{formulation}"
        ),
        decoder=decode,
    )


def binary_size(
    problem: FleetProblem,
    cuts: Sequence[Sequence[Cut]],
    *,
    width: Callable[[int], int],
    ordered: bool,
) -> ProgramSize:
    """Size on paper, by ``count_sizes``; ``width`` is the binaries of a column by its most.

    Raises
    ------
    ValueError
        If the racks are too many to be written one by one.
    """
    upper = tight_upper(problem)
    size = count_size(problem, count_rows(problem, upper, cuts), upper, width=width)
    if not ordered or size.nonzeros is None:
        return size
    extra = sum(max(width(most) - 1, 0) for most in upper.tolist())
    if problem.racks is not None:
        for orbit, count in enumerate(problem.racks.count.tolist()):
            places = most_of_items(problem.racks, orbit, upper).values()
            extra += count * sum(max(width(most) - 1, 0) for most in places)
    return ProgramSize(size.rows + extra, size.columns, size.nonzeros + 2 * extra)
