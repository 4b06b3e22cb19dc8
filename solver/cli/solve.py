"""``fleetfront solve``: the complete frontier of a question."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from solver.cli import completion
from solver.cli.exits import PARTIAL, status_of
from solver.cli.outputs import Outputs
from solver.cli.progress import patience
from solver.cli.what_ifs import Changes, MaxCost, MinSpeed, gathered_settings, read_question

if TYPE_CHECKING:
    from solver.economy_frontier import EconomyFrontier
    from solver.fleet_frontier import FleetFrontier
    from solver.placement_frontier import PlacementFrontier

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
    xlsx: Annotated[
        Path | None,
        typer.Option(
            help="Write a workbook: bill of materials, frontier, sensitivities, assumptions; .xlsx."
        ),
    ] = None,
    formulation: Annotated[
        str | None,
        typer.Option(
            help="Replica: enumeration (the default), column_selection, factored_big_m, "
            "factored_hull, cp_element. Fleet: blocks, counts, rack_patterns, column_generation, "
            "cp_counts; left out, what suits the fleet. Placement: labels or circuit (one "
            "pipeline), packing (several), flow, arc_flow, stage_assignment or patterns "
            "(throughput alone).",
            autocompletion=completion.formulations,
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            help="Engine of a program: highs, cp-sat or scip.", autocompletion=completion.engines
        ),
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds; past them the answer is partial (status 4).")
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            help="Fleets: local processes that share the work. A complete frontier is the same for "
            "any number, plans included."
        ),
    ] = 1,
    dask: Annotated[
        str | None,
        typer.Option(
            help="Fleets: share the work on a Dask cluster, tcp://host:port; the same holds.",
            metavar="ADDRESS",
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="Fleets: append every settled box to this file; go on from it if it exists, to "
            "the frontier of a run that was never stopped."
        ),
    ] = None,
    recover: Annotated[
        bool, typer.Option("--recover", help="Keep the intact lines of a damaged checkpoint.")
    ] = False,
    tolerance: Annotated[
        str | None,
        typer.Option(
            help="Replicas: also list the designs within this distance of the frontier, such as "
            "10% or 0.1: those that, against some point, lose at most this share of its speed and "
            "cost at most this share more. Fewest devices and simplest layout first. With --csv "
            "F.csv their layouts go to F.near.csv.",
            metavar="SHARE",
        ),
    ] = None,
    min_speed: MinSpeed = None,
    max_cost: MaxCost = None,
    changes: Changes = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON instead of tables.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> int:
    """The complete Pareto frontier of speed against cost: one replica, a placement, a fleet.

    Exit status: 0 complete, 2 bad input, 3 proved infeasible, 4 partial.

    Example: fleetfront solve instances/replica/llama-3.1-70b-fp8-h100.toml --report frontier.html

    Example: fleetfront solve instances/replica/llama-3.1-70b-fp8-h100.toml --tolerance 10%

    Example: fleetfront solve instances/placement/two-mixed-racks.toml --plot racks.png

    Example: fleetfront solve instances/fleet/one-model-one-pool.toml --plot fleet.png
    """
    from solver.api import solve
    from solver.frontier import Frontier
    from solver.instance.files_named import files_named

    outputs = Outputs(out, csv, plot, report, as_json, quiet, near=tolerance is not None, xlsx=xlsx)
    outputs.check()
    outputs.spare({"the question": instance, "the checkpoint": checkpoint})
    question = read_question(instance, changes, min_speed, max_cost)
    read = files_named(instance, gathered_settings(changes, None, None))
    outputs.spare({f"{name!r}, read by the question": path for name, path in read.items()})
    with patience("solving", quiet=quiet) as waiting:
        frontier = solve(
            question,
            formulation=formulation,
            engine=engine,
            time_limit_s=time_limit,
            workers=workers,
            dask=dask,
            checkpoint=checkpoint,
            recover=recover,
            tolerance=tolerance,
            on_progress=waiting.progress,
            should_stop=waiting.should_stop,
        )
    if isinstance(frontier, Frontier):
        outputs.deliver_replica(frontier)
        if frontier.near is not None and frontier.near["status"] == "stopped":
            # The frontier may be whole; what was asked for beside it is not.
            return PARTIAL
    else:
        _deliver(frontier, outputs)
    return status_of(frontier.status)


def _deliver(frontier: EconomyFrontier | FleetFrontier | PlacementFrontier, to: Outputs) -> None:
    # A replica of one model does without these, which take a while to load.
    from solver.economy_frontier import EconomyFrontier
    from solver.fleet_frontier import FleetFrontier

    if isinstance(frontier, EconomyFrontier):
        to.deliver_economy(frontier)
    elif isinstance(frontier, FleetFrontier):
        to.deliver_fleet(frontier)
    else:
        to.deliver_placement(frontier)
