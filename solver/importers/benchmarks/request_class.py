"""The class of requests that runs were measured on, held against what the workload asks for.

A rate in requests/s says nothing about requests of another length, so that a run is never taken for
a class that it was not measured on.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from solver.errors import InstanceError
from solver.importers.benchmarks.run import ServingRun
from solver.importers.findings import Answers

__all__ = ["LENGTH_TOLERANCE", "class_of"]

LENGTH_TOLERANCE = Fraction(2, 100)
"""Of a mean length from that of the class. Random prompts come out within 1 % of the length asked
for (a tokenizer does not give back what it was given); rates then differ by as much, which is less
than two runs of one benchmark differ."""

Size = tuple[int, int]


def class_of(
    runs: Sequence[ServingRun],
    answers: Answers,
    stated: Sequence[Size],
    where: str,
    notes: list[str],
) -> tuple[Size, list[ServingRun]]:
    """The class of the runs that count, and these; the others are told in ``notes``.

    Parameters
    ----------
    stated
        Classes of the workload, where it has any.

    Raises
    ------
    InstanceError
        If an answer is no number of tokens, no run is of the class, or none is stated and the runs
        differ.
    """
    wanted = _answered(answers) or (stated[0] if len(stated) == 1 else None)
    if wanted is None and stated:
        fitting = [size for size in stated if any(_fits(run, size) for run in runs)]
        if len(fitting) != 1:
            raise _other_lengths(runs, stated, where)
        wanted = fitting[0]
    if wanted is None:
        wanted = (_rounded(runs[0].input_tokens), _rounded(runs[0].output_tokens))
        others = [run for run in runs if not _fits(run, wanted)]
        if others:
            raise InstanceError.one(
                f"holds runs of different lengths: {_lengths(runs[0])} and {_lengths(others[0])} "
                "tokens in and out",
                where=where,
                mend="Say which are wanted: --input-tokens "
                f"{wanted[0]} --output-tokens {wanted[1]}",
            )
    kept = [run for run in runs if _fits(run, wanted)]
    if not kept:
        raise _other_lengths(runs, [wanted], where)
    for run in runs:
        if not _fits(run, wanted):
            notes.append(f"{run.where}: left out, it has {_lengths(run)} tokens in and out")
        elif run.input_tokens != wanted[0] or run.output_tokens != wanted[1]:
            notes.append(
                f"{run.where}: {_lengths(run)} tokens in and out on average count as "
                f"{wanted[0]} and {wanted[1]}"
            )
    return wanted, kept


def _answered(answers: Answers) -> Size | None:
    if answers.input_tokens is None and answers.output_tokens is None:
        return None
    if answers.input_tokens is None or answers.output_tokens is None:
        flag = "--input-tokens" if answers.input_tokens is None else "--output-tokens"
        raise InstanceError.one(
            "is missing beside the other length", where=flag, mend="Give both, or none"
        )
    return int(answers.input_tokens), int(answers.output_tokens)


def _fits(run: ServingRun, size: Size) -> bool:
    """Whether both mean lengths round to those of the class, or are close to them."""
    return all(
        abs(mean - length) <= max(Fraction(1, 2), LENGTH_TOLERANCE * length)
        for mean, length in zip((run.input_tokens, run.output_tokens), size, strict=True)
    )


def _rounded(mean: Fraction) -> int:
    return max(1, int(mean + Fraction(1, 2)))


def _lengths(run: ServingRun) -> str:
    return f"{float(run.input_tokens):.6g} and {float(run.output_tokens):.6g}"


def _other_lengths(runs: Sequence[ServingRun], sizes: Sequence[Size], where: str) -> InstanceError:
    asked = ", ".join(f"{one} and {two}" for one, two in sizes)
    return InstanceError.one(
        f"was measured on requests of {_lengths(runs[0])} tokens in and out, where {asked} are "
        "asked for, and its rate holds for no others",
        where=where,
        mend="Measure it on such requests, or state the workload with these lengths",
    )
