"""``fleetfront solve``: the complete frontier of a question."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from solver.cli.exits import status_of
from solver.cli.progress import patience
from solver.cli.what_ifs import Changes, MaxCost, MinSpeed, gathered_settings

__all__ = ["solve_command"]

PLOT_FORMATS: dict[str, Literal["png", "svg", "pdf"]] = {
    ".png": "png",
    ".svg": "svg",
    ".pdf": "pdf",
}


def solve_command(
    instance: Annotated[Path, typer.Argument(help="The question, a TOML file.")],
    out: Annotated[Path | None, typer.Option(help="Write the result as JSON.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all points as CSV.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the frontier; .png, .svg or .pdf.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page.")] = None,
    formulation: Annotated[
        str,
        typer.Option(
            help="enumeration (the default), or a program: column_selection, factored_big_m, "
            "factored_hull, cp_element."
        ),
    ] = "enumeration",
    engine: Annotated[
        str | None, typer.Option(help="Engine of a program: highs, cp-sat or scip.")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds; past them the answer is partial (status 4).")
    ] = None,
    min_speed: MinSpeed = None,
    max_cost: MaxCost = None,
    changes: Changes = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON instead of tables.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> int:
    """The complete Pareto frontier of speed (tok/s/user) against cost (US$ per million tokens).

    Exit status: 0 complete, 2 bad input, 3 proved infeasible, 4 partial.

    Example: fleetfront solve instances/replica/llama-3.1-70b-fp8-h100.toml --report frontier.html
    """
    from solver.api import read_instance, solve
    from solver.errors import OutputError
    from solver.result import document_text
    from solver.result.writing import check_writable, write_whole

    check_writable({"--out": out, "--csv": csv, "--plot": plot, "--report": report})
    if plot is not None and plot.suffix.lower() not in PLOT_FORMATS:
        raise OutputError.one(
            f"cannot draw a {plot.suffix or 'file without a suffix'}",
            where=f"--plot {plot}",
            mend=f"End the name with one of {', '.join(PLOT_FORMATS)}",
        )
    question = read_instance(instance, settings=gathered_settings(changes, min_speed, max_cost))
    with patience("solving", quiet=quiet) as waiting:
        frontier = solve(
            question,
            formulation=formulation,
            engine=engine,
            time_limit_s=time_limit,
            on_progress=waiting.progress,
            should_stop=waiting.should_stop,
        )
    result = frontier.result
    contents: dict[Path, bytes] = {}
    # The document is made once, and only where something needs it.
    wanted = out is not None or report is not None or as_json
    document = frontier.to_dict() if wanted else {}
    text = document_text(document) if out is not None or as_json else ""
    if out is not None:
        contents[out] = text.encode()
    if csv is not None:
        from solver.report import write_csv

        stream = io.StringIO(newline="")
        write_csv(result, stream)
        contents[csv] = stream.getvalue().encode()
    if plot is not None:
        from solver.report import render_plot

        contents[plot] = render_plot(result, PLOT_FORMATS[plot.suffix.lower()])
    if report is not None:
        from solver.report import render_page

        page = render_page(result, where_all=_where_all(out, csv), digest=str(document["digest"]))
        contents[report] = page.encode()
    write_whole(contents)
    if as_json:
        print(text, end="")
    elif not quiet:
        _print(result, out, csv, plot, report)
    return status_of(result.status)


def _where_all(out: Path | None, csv: Path | None) -> str:
    """Where all points are, or how to get them."""
    holders = [str(path) for path in (out, csv) if path is not None]
    return " and ".join(holders) or "add --out result.json or --csv points.csv"


def _print(
    result: Any, out: Path | None, csv: Path | None, plot: Path | None, report: Path | None
) -> None:
    from rich.console import Console

    from solver.report import print_result

    console = Console(highlight=False)
    print_result(result, console, _where_all(out, csv))
    for path, what in ((plot, "plot"), (report, "page")):
        if path is not None:
            console.print(f"{what}: {path}", markup=False, soft_wrap=True)
