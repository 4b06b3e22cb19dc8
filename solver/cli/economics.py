"""``fleetfront economics``: what a token costs along load, where it pays, what to choose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from solver.cli.economics_files import EconomicsFiles
from solver.cli.economics_options import EconomicsOptions, parse_levels
from solver.cli.exits import status_of
from solver.cli.progress import patience
from solver.cli.what_ifs import Changes, gathered_settings

if TYPE_CHECKING:
    from solver.economics_api import Economics
    from solver.instance.economics import EconomicsTerms, StatedPreference

__all__ = ["economics_command"]


def economics_command(
    instance: Annotated[Path, typer.Argument(help="The question: a replica or a fleet, TOML.")],
    tolerance: Annotated[
        str | None,
        typer.Option(
            help="The zone is where a token costs at most this share more than the least: 10% or "
            "0.1.",
            metavar="SHARE",
        ),
    ] = None,
    min_speed: Annotated[
        str | None,
        typer.Option(help="Service level: tok/s that every user sees at least.", metavar="TOK/S"),
    ] = None,
    max_ttft: Annotated[
        str | None,
        typer.Option(help="Service level: seconds to the first token at most.", metavar="S"),
    ] = None,
    value_of_time: Annotated[
        str | None,
        typer.Option(
            help="Recommend by a linear value of time: US$ that a second less of waiting for an "
            "answer is worth to one user.",
            metavar="USD",
        ),
    ] = None,
    answer_tokens: Annotated[
        str | None,
        typer.Option(
            help="Tokens of the answer that is waited for; output_tokens of the question if left "
            "out.",
            metavar="N",
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            help="Recommend the fastest within this budget: US$ per million tokens of a replica, "
            "US$ per hour of a fleet.",
            metavar="USD",
        ),
    ] = None,
    preference_exponent: Annotated[
        str | None,
        typer.Option(help="Recommend by speed^K per price.", metavar="K"),
    ] = None,
    layout: Annotated[
        list[str] | None,
        typer.Option(
            help="Replicas: also follow this layout along concurrency, such as 'TP8'. May be "
            "repeated.",
            metavar="NAME",
        ),
    ] = None,
    section: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this part: costs, principles, long-run, utilisation, break-even, owning, "
            "job, energy, speculation, preferences, bills or valleys. May be repeated.",
            metavar="NAME",
        ),
    ] = None,
    levels: Annotated[
        str | None,
        typer.Option(
            help="Fleets: demand levels to solve, in per cent; 25,50,75,100,125 if left out.",
            metavar="LIST",
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(help="Seconds for every frontier that is chosen from.", metavar="S"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write tables (CSV), plots (PNG) and economics.json into this folder; it is made "
            "where it is missing.",
            metavar="FOLDER",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw the cheapest curve, or the fleet's costs: .png, .svg or .pdf."),
    ] = None,
    changes: Changes = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON instead of tables.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> int:
    """Costs along load: marginal, average, returns to scale, the optimal zone, break-even loads.

    For every model and machine of a replica question along concurrency; for a fleet along its
    demand. API prices, owning and preferences are those of the table [economics].

    Exit status: 0 complete, 2 bad input, 4 partial.

    Example: fleetfront economics instances/replica/llama-3.1-70b-fp8-h100.toml --min-speed 30

    Example: fleetfront economics instances/fleet/agents.toml --section bills

    Example: fleetfront economics my.toml --value-of-time 0.01 --answer-tokens 500 --out economics
    """
    from solver.api import economics, read_instance
    from solver.instance.domain import ReplicaInstance
    from solver.instance.fleet.domain import FleetInstance

    files = EconomicsFiles(out, plot)
    files.check()
    question = read_instance(instance, settings=gathered_settings(changes, None, None))
    terms: EconomicsTerms | None = None
    wishes: tuple[StatedPreference, ...] = ()
    if isinstance(question, ReplicaInstance | FleetInstance):
        options = EconomicsOptions(
            tolerance,
            min_speed,
            max_ttft,
            value_of_time,
            answer_tokens,
            budget,
            preference_exponent,
        )
        terms, wishes = options.over(question)
    with patience("costs along load", quiet=quiet) as waiting:
        found = economics(
            question,
            terms=terms,
            preferences=wishes,
            layouts=layout or (),
            levels=None if levels is None else parse_levels(levels),
            sections=section or (),
            time_limit_s=time_limit,
            on_progress=waiting.progress,
            should_stop=waiting.should_stop,
        )
    document = found.to_dict()
    files.write(document, found)
    _print(document, found, files, as_json=as_json, quiet=quiet)
    return status_of(document["status"])


def _print(
    document: dict[str, Any], found: Economics, files: EconomicsFiles, *, as_json: bool, quiet: bool
) -> None:
    from rich.console import Console

    from solver.report.economics import print_economics
    from solver.report.economics_bills import print_bills
    from solver.report.economics_speculation import print_speculation
    from solver.report.economics_valleys import print_valleys
    from solver.result import document_text

    if as_json:
        print(document_text(document), end="")
        return
    if quiet:
        return
    console = Console(highlight=False)
    print_economics(document, console)
    if found.speculation:
        console.print()
        print_speculation(found.speculation, console)
    if found.bills:
        console.print()
        print_bills(found.bills, console)
    if found.valleys:
        console.print()
        print_valleys(found.valleys, console)
    for what, path in (("tables and plots", files.out), ("plot", files.plot)):
        if path is not None:
            console.print(f"{what}: {path}", markup=False, soft_wrap=True)
