"""The economics of a fleet on the terminal: demand scaled, use of the day, API, owning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from solver.report.economics_owning import owning_text
from solver.report.economics_utilisation import utilisation_parts
from solver.report.economics_words import table_of
from solver.report.numbers import aligned, clean, percent, short

__all__ = ["fleet_parts"]


def fleet_parts(
    document: Mapping[str, Any], *, width: int, ascii_only: bool
) -> Iterator[RenderableType]:
    """Tables and sentences, all but preferences and bills."""
    if document["levels"]:
        yield from _levels(document, width, ascii_only)
    if document["use"]:
        yield from _use(document, width, ascii_only)
    yield from utilisation_parts(
        document,
        "Cost of this plan were its load another",
        rates=False,
        width=width,
        ascii_only=ascii_only,
    )
    yield from _api(document)
    yield from _owning(document)


def _levels(document: Mapping[str, Any], width: int, ascii_only: bool) -> Iterator[RenderableType]:
    levels = document["levels"]
    yield Text("")
    yield Text("Demand scaled, each level solved to its cheapest plan", style="bold")

    def column(key: str, least: int = 0) -> list[str]:
        return aligned([level[key] for level in levels], least=least)

    cells = {
        "demand": [f"{100 * level['share']:.4g} %" for level in levels],
        "output\ntok/s": [f"{level['tok_per_s']:,.0f}" for level in levels],
        "US$/h": [cost or "none" for cost in column("usd_per_hour", 2)],
        "average\nUS$/Mtok": column("usd_per_mtok"),
        "marginal\nUS$/Mtok": column("marginal_usd_per_mtok"),
        "returns\nAC/MC": column("elasticity_of_scale"),
        "devices": column("devices"),
        "mean\nload": [
            "" if level["utilisation"] is None else percent(level["utilisation"])
            for level in levels
        ],
        "kW": aligned([None if v["watts"] is None else v["watts"] / 1000 for v in levels]),
    }
    kept = {name: values for name, values in cells.items() if any(values)}
    give_up = {"kW": 3, "returns\nAC/MC": 2, "devices": 1}
    yield table_of(
        [(name, give_up.get(name, 0), True) for name in kept],
        [list(row) for row in zip(*kept.values(), strict=True)],
        width=width,
        ascii_only=ascii_only,
    )
    for level in levels:
        share = f"{100 * level['share']:.4g} % of the demand"
        if level["unproved"]:
            yield Text(f"{share}: not proved to be the least ({clean(level['unproved'])}).")
        elif level["usd_per_hour"] is None:
            yield Text(f"{share}: no plan meets the limits.")


def _use(document: Mapping[str, Any], width: int, ascii_only: bool) -> Iterator[RenderableType]:
    rows = document["use"]
    if not rows:
        return
    yield Text("")
    yield Text("Load of the plan over the day", style="bold")
    yield table_of(
        [
            ("workload", 0, False),
            ("period", 0, False),
            ("hours", 0, True),
            ("asked\ntok/s", 0, True),
            ("carries\ntok/s", 0, True),
            ("load", 0, True),
        ],
        [
            [
                clean(row["workload"]),
                clean(row["period"]),
                short(row["hours"]),
                f"{row['demand_tok_per_s']:,.0f}",
                "by size"
                if row["capacity_tok_per_s"] is None
                else f"{row['capacity_tok_per_s']:,.0f}",
                "" if row["utilisation"] is None else percent(row["utilisation"]),
            ]
            for row in rows
        ],
        width=width,
        ascii_only=ascii_only,
    )
    if document["mean_utilisation"] is not None:
        yield Text(f"Mean load over the day: {percent(document['mean_utilisation'])}.")


def _api(document: Mapping[str, Any]) -> Iterator[RenderableType]:
    api = document["api"]
    if api is None:
        return
    yield Text("")
    offers = ", ".join(f"{clean(work)}: {clean(name)}" for work, name in api["offers"].items())
    yield Text(f"By the token this demand costs {short(api['usd_per_hour'])} US$/h ({offers}).")
    share = api["from_share"]
    if share is None:
        yield Text("No plan was found to compare with.")
    elif share <= 1:
        yield Text(
            f"The plan beats it from {percent(share)} of the stated demand on, at the same cost."
        )
    else:
        yield Text(
            f"The plan costs {short(share)} times as much: the demand would have to be that many "
            "times as large at the same cost."
        )


def _owning(document: Mapping[str, Any]) -> Iterator[RenderableType]:
    if not document["owning"] and not document["owning_unknown"]:
        return
    yield Text("")
    yield Text("Owning against renting, for one device and hour in use", style="bold")
    for entry in document["owning"]:
        yield Text(owning_text(f"{clean(entry['machine'])} ({clean(entry['contract'])})", entry))
    for machine, why in document["owning_unknown"]:
        yield Text(f"{clean(machine)} is left out: {clean(why)}.")
