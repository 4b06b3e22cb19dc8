"""``fleetfront moip``: the nondominated set of a multi-objective integer program."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from solver.cli.exits import status_of
from solver.cli.outputs import PLOT_FORMATS
from solver.cli.progress import patience

if TYPE_CHECKING:
    from solver.nondominated import NondominatedSet
    from solver.sweep.moip.outcome import SearchOutcome

__all__ = ["moip_command"]


def moip_command(
    file: Annotated[Path, typer.Argument(help="The program: moip JSON, or MPS (.mps, .mps.gz).")],
    out: Annotated[Path | None, typer.Option(help="Write the result as JSON, with proofs.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all points as CSV.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw 2 or 3 objectives; .png, .svg or .pdf.")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds; past them the answer is partial (status 4).")
    ] = None,
    workers: Annotated[int, typer.Option(help="Local processes that share the work.")] = 1,
    dask: Annotated[
        str | None,
        typer.Option(help="Share the work on a Dask cluster, tcp://host:port.", metavar="ADDRESS"),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Append every point and proof to this file; go on from it if it exists."),
    ] = None,
    recover: Annotated[
        bool, typer.Option("--recover", help="Keep the intact lines of a damaged checkpoint.")
    ] = False,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ENGINE",
            help="Use only this engine: labels, packing, highs, cp-sat or scip. May be repeated.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON instead of tables.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> int:
    """Every nondominated point of an integer program with several objectives, each with a proof.

    A point is nondominated if no feasible point is at least as good in all objectives and better in
    one. Under a time limit, or after Ctrl-C, the answer is partial: the points found, the boxes of
    objective space that are still open, and how large they are.

    Exit status: 0 complete, 2 bad input, 3 proved infeasible, 4 partial.

    Example: fleetfront moip instances/moip/knapsack-30.json --out set.json --plot set.png

    Then: fleetfront verify set.json --reprove
    """
    from solver.errors import InstanceError, OutputError
    from solver.instance.moip import read_program
    from solver.nondominated import nondominated_set
    from solver.result import document_text
    from solver.result.writing import check_writable, write_whole

    check_writable({"--out": out, "--csv": csv, "--plot": plot})
    for option, path in (("--out", out), ("--csv", csv), ("--plot", plot)):
        for what, read in (("the program", file), ("the checkpoint", checkpoint)):
            if path is not None and read is not None and path.resolve() == read.resolve():
                raise OutputError.one(
                    f"is also {what}, which would be lost",
                    where=f"{option} {path}",
                    mend="Name another file",
                )
    if plot is not None and plot.suffix.lower() not in PLOT_FORMATS:
        raise OutputError.one(
            f"cannot draw a {plot.suffix or 'file without a suffix'}",
            where=f"--plot {plot}",
            mend=f"End the name with one of {', '.join(PLOT_FORMATS)}",
        )
    if recover and checkpoint is None:
        raise InstanceError.one(
            "there is no checkpoint to recover",
            where="--recover",
            mend="Name it with --checkpoint FILE",
        )
    program = read_program(file)
    if plot is not None and program.n_objectives > 3:
        raise OutputError.one(
            f"{program.n_objectives} objectives cannot be drawn",
            where=f"--plot {plot}",
            mend="Leave the option out and use --csv; plots show 2 or 3 objectives",
        )
    with patience("searching", quiet=quiet) as waiting:
        found = nondominated_set(
            program,
            time_limit_s=time_limit,
            workers=workers,
            dask=dask,
            checkpoint=checkpoint,
            recover=recover,
            engines=engine,
            on_progress=lambda told: waiting.progress(told.points, 0),
            should_stop=waiting.should_stop,
        )
    outcome, conflict = found.outcome, _conflict(found)
    contents: dict[Path, bytes] = {}
    text = ""
    if out is not None or as_json:
        from solver.sweep.moip.document import outcome_to_dict

        text = document_text(outcome_to_dict(outcome, conflict=conflict))
    if out is not None:
        contents[out] = text.encode()
    if csv is not None:
        from solver.report.moip import write_moip_csv

        stream = io.StringIO(newline="")
        write_moip_csv(outcome, stream)
        contents[csv] = stream.getvalue().encode()
    if plot is not None:
        from solver.report.moip_plot import render_moip_plot

        contents[plot] = render_moip_plot(outcome, PLOT_FORMATS[plot.suffix.lower()])
    write_whole(contents)
    if as_json:
        print(text, end="")
    elif not quiet:
        _print(outcome, conflict, out, csv, plot)
    return status_of(outcome.status)


def _conflict(found: NondominatedSet) -> tuple[str, ...]:
    """The rows that conflict; none where finding them was cut short, which is said."""
    import sys

    from solver.errors import EngineError

    try:
        return found.conflict
    except KeyboardInterrupt:
        print("stopped before the conflicting rows were found", file=sys.stderr)
    except EngineError as error:
        print(f"which rows conflict is not known: {error}", file=sys.stderr)
    return ()


def _print(
    outcome: SearchOutcome,
    conflict: tuple[str, ...],
    out: Path | None,
    csv: Path | None,
    plot: Path | None,
) -> None:
    from rich.console import Console

    from solver.report.moip import print_moip

    console = Console(highlight=False)
    holders = " and ".join(str(path) for path in (out, csv) if path is not None)
    print_moip(
        outcome,
        console,
        conflict=conflict,
        where_all=holders or "add --out result.json or --csv points.csv",
    )
    if plot is not None:
        console.print(f"plot: {plot}", markup=False, soft_wrap=True)
