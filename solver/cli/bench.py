"""``fleetfront bench``: formulations and engines against each other on a set of instances."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from solver.cli.exits import COMPLETE, FAILED, PARTIAL
from solver.cli.progress import patience

__all__ = ["bench_command"]


def _names(told: list[str] | None) -> list[str]:
    """``--engines highs,scip --engines cbc`` as three names."""
    return [name.strip() for part in told or () for name in part.split(",") if name.strip()]


def bench_command(
    asked: Annotated[
        str | None,
        typer.Argument(
            metavar="SET",
            help="A set (small, replica, fleet-medium), a family with parameters "
            "(moip-knapsack:pieces=30,seeds=5), a file or a folder of instances; several joined "
            "by +. Without it: what there is.",
        ),
    ] = None,
    formulations: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Only these, with commas; all if left out."),
    ] = None,
    engines: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Only these, with commas: own, highs, cp-sat, scip (the default), cbc, glpk.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Run every engine with so many seeds.")] = 1,
    levels: Annotated[
        str,
        typer.Option(help="Epsilon-levels of each instance, over its frontier; a number or all."),
    ] = "3",
    time_limit: Annotated[float, typer.Option(help="Seconds, for each solve.")] = 10.0,
    workers: Annotated[int, typer.Option(help="Solves at once, each in a process.")] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for rows, tables, pictures and report; bench-SET if left out."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON instead of tables.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> int:
    """Which statement of these problems is best, on which engine, and by how much?

    Every formulation is solved by every engine that reads it, at several epsilon-levels of every
    instance, in worker processes that are killed where they overrun. Answers are checked in
    integers and held against a proved optimum. The folder gets rows.jsonl (one line a solve),
    summary.csv, performance profiles and time-to-gap plots (PNG, SVG, CSV), and report.html.

    An interrupted run goes on where it was: give the same command again.

    Exit status: 0 done and nothing wrong, 1 a formulation gave a wrong or missing point or
    crashed, 2 bad input, 4 stopped before the end.

    Example: fleetfront bench small --time-limit 5 --workers 2
    """
    from solver.bench.listing import print_listing
    from solver.bench.outputs import print_run, summary_json, summary_of, write_run
    from solver.bench.run import plan_bench, run_bench
    from solver.errors import InstanceError

    if asked is None:
        print_listing()
        return COMPLETE
    if levels != "all" and not levels.isdecimal():
        raise InstanceError.one(
            f"cannot be {levels!r}", where="--levels", mend="Give a number, or all"
        )
    plan = plan_bench(
        asked,
        formulations=_names(formulations),
        engines=_names(engines),
        seeds=seeds,
        levels=None if levels == "all" else int(levels),
        time_limit_s=time_limit,
        workers=workers,
    )
    if not quiet:
        _tell_missing(plan.missing)
    folder = out if out is not None else Path(f"bench-{_plain_name(asked)}")
    with patience("solving", quiet=quiet) as waiting:
        run = run_bench(plan, folder, on_progress=waiting.progress, should_stop=waiting.should_stop)
    summary = summary_of(run)
    write_run(run, summary, folder)
    if as_json:
        print(summary_json(run, summary), end="")
    elif not quiet:
        from rich.console import Console

        print_run(run, summary, folder, Console(highlight=False))
    for reason in run.left_out:
        print(reason, file=sys.stderr)
    if not summary.sound:
        return FAILED
    return COMPLETE if run.complete else PARTIAL


def _plain_name(asked: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in asked)[:60]


def _tell_missing(missing: dict[str, str]) -> None:
    """Once, on standard error; tables mark the columns."""
    for reason in missing.values():
        print(reason, file=sys.stderr)
