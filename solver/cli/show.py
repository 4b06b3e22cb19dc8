"""``fleetfront show``: what will be solved, before it is solved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from solver.cli.exits import COMPLETE
from solver.cli.progress import patience
from solver.cli.what_ifs import Changes, MaxCost, MinSpeed, read_question

if TYPE_CHECKING:
    from solver.sweep.fleet.cheapest import FirstLook

__all__ = ["show_command"]

_LOOK_S = 5.0
"""How long a fleet is looked into, to say which limits bind."""


def show_command(
    instance: Annotated[Path, typer.Argument(help="The question, TOML or JSON.")],
    min_speed: MinSpeed = None,
    max_cost: MaxCost = None,
    changes: Changes = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the survey as JSON.")] = False,
) -> int:
    """Explain a question: its sizes, its limits and which of them bind, what is refused and why.

    Example: fleetfront show instances/replica/llama-3.1-70b-fp8-h100.toml
    """
    from rich.console import Console

    from solver.instance.domain import ReplicaInstance
    from solver.instance.placement.domain import PlacementInstance
    from solver.report import print_survey
    from solver.sweep.survey import survey

    question = read_question(instance, changes, min_speed, max_cost)
    console = Console(highlight=False)
    if isinstance(question, PlacementInstance):
        from solver.lowering.placement.lowering import lower_placement
        from solver.report.placement_survey import placement_survey, print_placement_survey

        pipelines = lower_placement(question)
        if as_json:
            print(json.dumps(placement_survey(question, pipelines), indent=1))
        else:
            print_placement_survey(question, pipelines, console)
        return COMPLETE
    if not isinstance(question, ReplicaInstance):
        from solver.lowering.fleet.lowering import lower_fleet
        from solver.report.fleet_survey import fleet_survey, print_fleet_survey
        from solver.sweep.fleet.cheapest import first_look

        space = lower_fleet(question)
        with patience("looking for the cheapest plan", stops=False):
            look = first_look(space, time_limit_s=_LOOK_S)
        about = _about(look)
        if as_json:
            print(json.dumps(fleet_survey(space, look.plan, about_plan=about), indent=1))
        else:
            print_fleet_survey(space, console, plan=look.plan, about_plan=about)
        return COMPLETE
    if question.is_economic:
        from solver.report.economy_survey import print_economy_survey
        from solver.sweep.economy.survey import survey_economy

        with patience("measuring", stops=False) as waiting:
            measured = survey_economy(question, waiting.progress)
        if as_json:
            print(json.dumps(measured.as_dict(), indent=1))
        else:
            print_economy_survey(measured, console)
        return COMPLETE
    with patience("measuring", stops=False) as waiting:
        found = survey(question, waiting.progress)
    if as_json:
        print(json.dumps(found.as_dict(), indent=1))
    else:
        print_survey(found, console)
    return COMPLETE


def _about(look: FirstLook) -> str:
    """What the plan is that limits are held against."""
    if look.infeasible:
        return "No plan meets all limits; 'fleetfront solve' says which stand against each other."
    if look.plan is None:
        return f"Which limits bind is not known: no plan was found in {_LOOK_S:g} s."
    if look.unproved:
        return (
            f"Use is that of the best plan found in {_LOOK_S:g} s, not proved to be the cheapest "
            f"({look.unproved})."
        )
    return "Use is that of the cheapest plan at any speed, which is proved."
