"""``fleetfront solve``: the complete frontier of a question."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solver.cli.exits import status_of
from solver.cli.outputs import Outputs
from solver.cli.progress import patience
from solver.cli.what_ifs import Changes, MaxCost, MinSpeed, read_question

__all__ = ["solve_command"]


def solve_command(
    instance: Annotated[
        Path, typer.Argument(help="The question: a TOML file, or bare fleet columns as JSON.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write the result as JSON.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all points as CSV.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the frontier; .png, .svg or .pdf.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page.")] = None,
    formulation: Annotated[
        str | None,
        typer.Option(
            help="Replica: enumeration (the default), column_selection, factored_big_m, "
            "factored_hull, cp_element. Fleet: blocks, counts, rack_patterns, column_generation, "
            "cp_counts; left out, what suits the fleet."
        ),
    ] = None,
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
    """The complete Pareto frontier of speed against cost, of one replica or of a fleet.

    Exit status: 0 complete, 2 bad input, 3 proved infeasible, 4 partial.

    Example: fleetfront solve instances/replica/llama-3.1-70b-fp8-h100.toml --report frontier.html

    Example: fleetfront solve instances/fleet/one-model-one-pool.toml --plot fleet.png
    """
    from solver.api import solve
    from solver.fleet_frontier import FleetFrontier

    outputs = Outputs(out, csv, plot, report, as_json, quiet)
    outputs.check()
    question = read_question(instance, changes, min_speed, max_cost)
    with patience("solving", quiet=quiet) as waiting:
        frontier = solve(
            question,
            formulation=formulation,
            engine=engine,
            time_limit_s=time_limit,
            on_progress=waiting.progress,
            should_stop=waiting.should_stop,
        )
    if isinstance(frontier, FleetFrontier):
        outputs.deliver_fleet(frontier)
    else:
        outputs.deliver_replica(frontier)
    return status_of(frontier.status)
