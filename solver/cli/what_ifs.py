"""What-ifs of the command line: a question changed for one run, without an edit."""

from __future__ import annotations

from typing import Annotated, Any

import typer

__all__ = ["Changes", "MaxCost", "MinSpeed", "gathered_settings"]

MinSpeed = Annotated[str | None, typer.Option(help="What if users need this many tok/s at least?")]
MaxCost = Annotated[
    str | None, typer.Option(help="What if a million tokens may cost this many US$ at most?")
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
