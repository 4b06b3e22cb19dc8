"""What-ifs of the command line: a question changed for one run, without an edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from solver.instance.reading import Question

__all__ = ["Changes", "MaxCost", "MinSpeed", "gathered_settings", "read_question"]

MinSpeed = Annotated[str | None, typer.Option(help="What if users need this many tok/s at least?")]
MaxCost = Annotated[
    str | None,
    typer.Option(
        help="What if a million tokens (of a replica), or an hour (of a fleet), may cost this "
        "many US$ at most?"
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="What if the file said this? May be repeated."),
]


def gathered_settings(
    changes: list[str] | None, min_speed: str | None, max_cost: str | None
) -> dict[str, Any]:
    """What-ifs of the command line as dotted keys."""
    from solver.instance.loading import parse_setting

    settings = dict(parse_setting(text) for text in changes or [])
    if min_speed is not None:
        settings["limits.min_speed_tok_per_s"] = min_speed
    if max_cost is not None:
        settings["limits.max_cost_usd_per_mtok"] = max_cost
    return settings


def read_question(
    path: Path, changes: list[str] | None, min_speed: str | None, max_cost: str | None
) -> Question:
    """The question of a file with the what-ifs laid over it.

    Of a fleet, a speed is asked of every workload that does not ask for more already.
    """
    from solver.api import read_instance
    from solver.instance.fleet.domain import FleetInstance

    plain = read_instance(path, settings=gathered_settings(changes, None, None))
    if min_speed is None and max_cost is None:
        return plain
    if not isinstance(plain, FleetInstance):
        settings = gathered_settings(changes, min_speed, max_cost)
        return read_instance(path, settings=settings)
    settings = gathered_settings(changes, None, None)
    if max_cost is not None:
        settings["limits.max_usd_per_hour"] = max_cost
    if min_speed is not None:
        for number in range(len(plain.workloads)):
            settings[f"workloads.{number}.min_speed_tok_per_s"] = min_speed
    changed = read_instance(path, settings=settings)
    if isinstance(changed, FleetInstance) and min_speed is not None:
        for number, (old, new) in enumerate(zip(plain.workloads, changed.workloads, strict=True)):
            floor, asked = old.min_speed_tok_per_s, new.min_speed_tok_per_s
            if floor is not None and asked is not None and floor > asked:
                settings[f"workloads.{number}.min_speed_tok_per_s"] = str(floor)
        changed = read_instance(path, settings=settings)
    return changed
