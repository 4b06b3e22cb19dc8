"""What ``fleetfront show`` tells of a placement question: hosts, links, settings, limits, sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from solver.instance.placement.domain import PlacementInstance
from solver.lowering.placement.space import MICRO, ChainSpace, PlacementSpace
from solver.report.findings import count_of
from solver.report.numbers import aligned, clean, short, with_prefix
from solver.report.placement_limits import chain_limits, flow_limits, layers_by_host
from solver.report.placement_sizes import (
    hosts_by_kind,
    label_cells,
    links_by_kind,
    most_hosts,
    room_for_layers,
    rounding_levels,
)
from solver.report.question import value_text
from solver.report.table import fitted_table
from solver.report.terminal import show
from solver.topology import host_orbits

__all__ = ["placement_survey", "print_placement_survey"]

_MANY_CELLS = 1_000_000
_MOST_ROWS = 30


def placement_survey(instance: PlacementInstance, space: PlacementSpace) -> dict[str, Any]:
    """Sizes, limits and structure of a placement question, JSON values only.

    Parameters
    ----------
    space
        What ``lower_placement`` made of ``instance``.

    Returns
    -------
    dict
        ``name``, ``title``, ``trade_off``, ``layers`` of the model; ``hosts`` by machine, each with
        ``machine``, ``hosts``, ``devices``, ``hbm_bytes``, ``usd_per_hour`` (a float or ``None``),
        ``orbits`` and ``most_layers`` that one host may hold at its best and worst setting;
        ``orbits`` (numbers of interchangeable hosts); ``links`` by the kinds of their ends, each
        with ``links``, and least and greatest ``bytes_per_s`` and ``latency_s``; ``entry`` and
        ``exit``; ``rounding``: levels of ``bytes_per_s`` and ``latency_s``, or ``None``, which are
        not counted on where ``space`` is that of the network as it is; ``settings`` (``None`` for
        flows) and ``options``; ``capacity``: layers that all hosts hold together at the roomiest
        setting, and how many settings have room for the model; ``limits``, each with ``limit``,
        ``stated``, ``binds`` (``cannot``, ``may`` or ``rules out all``) and ``why``; ``cells`` of
        the label search (``None`` for flows); ``bound_tok_per_s`` that no flow exceeds (``None``
        for chains); ``notes``; ``hints``.
    """
    held = layers_by_host(space)
    chains = isinstance(space, ChainSpace)
    orbits = space.orbits if isinstance(space, ChainSpace) else host_orbits(space.topology)
    room = room_for_layers(instance, held)
    found: dict[str, Any] = {
        "name": instance.name,
        "title": instance.title,
        "trade_off": list(instance.trade_off),
        "layers": instance.layers,
        "hosts": hosts_by_kind(instance, orbits, held),
        "orbits": [len(orbit) for orbit in orbits],
        "links": links_by_kind(space.topology),
        "entry": instance.entry,
        "exit": instance.exit,
        "rounding": rounding_levels(instance),
        "settings": None,
        "options": None,
        "capacity": room,
        "limits": [],
        "cells": None,
        "bound_tok_per_s": None,
        "notes": list(space.notes),
    }
    if isinstance(space, ChainSpace):
        found["settings"] = {
            "count": len(space.settings),
            "microbatch": sorted({setting.microbatch for setting in space.settings}),
            "in_flight": sorted({setting.in_flight for setting in space.settings}),
        }
        found["options"] = len(space.meanings)
        found["limits"] = chain_limits(instance, space, held)
        found["cells"] = label_cells(found["orbits"], most_hosts(instance))
    else:
        found["limits"] = flow_limits(instance, space, held)
        found["bound_tok_per_s"] = space.problem.work_bound() / MICRO
    found["hints"] = _hints(found, chains=chains)
    return found


def _hints(found: Mapping[str, Any], *, chains: bool) -> list[str]:
    """What would make the question answerable, or easier."""
    hints = []
    if not found["capacity"]["settings_with_room"]:
        smaller = ", smaller batches, a smaller context" if chains else ""
        hints.append(
            f"There is room for {found['capacity']['most']} of {found['layers']} layers at the "
            f"most, so 'fleetfront solve' will prove that nothing is feasible: offer more "
            f"hosts{smaller} or narrower weights."
        )
    hints += [
        f"No design can meet {entry['limit']}: {entry['why']}."
        for entry in found["limits"]
        if entry["binds"] == "rules out all" and entry["limit"] != "layers a host holds"
    ]
    orbits = found["orbits"]
    if chains and found["cells"] > _MANY_CELLS:
        alike = (
            "no two hosts are alike; links rounded to levels ([topology.rounding]) make them so"
            if max(orbits) == 1
            else "fewer kinds of host, or limits.max_hosts, make it smaller"
        )
        hints.append(f"The label search has {found['cells']:,} cells and may be slow: {alike}.")
    return hints


def print_placement_survey(
    instance: PlacementInstance, space: PlacementSpace, console: Console
) -> None:
    """Print ``placement_survey`` for people."""
    found = placement_survey(instance, space)
    width, ascii_only = console.width, console.options.ascii_only
    parts: list[RenderableType] = [
        Text(clean(found["title"] or found["name"], limit=120), style="bold"),
        Text(""),
        _facts(found),
        Text(""),
        _host_table(found, width=width, ascii_only=ascii_only),
    ]
    if found["links"]:
        parts += [Text(""), _link_table(found["links"], width=width, ascii_only=ascii_only)]
    if found["limits"]:
        parts += [Text(""), Text("Limits", style="bold")]
        parts += [_item(_limit_text(entry)) for entry in found["limits"]]
    for kind in ("hint", "note"):
        parts += [
            Text(f"{kind}: {clean(text, limit=400)}", style="yellow") for text in found[f"{kind}s"]
        ]
    show(console, Group(*parts))


def _item(text: str) -> RenderableType:
    return Padding(Text(text), (0, 0, 0, 2), expand=False)


def _limit_text(entry: Mapping[str, Any]) -> str:
    verdict = {"cannot": "cannot bind", "may": "may bind"}.get(entry["binds"], entry["binds"])
    stated = f", {entry['stated']}" if entry["stated"] else ""
    return clean(f"{entry['limit']}{stated}: {verdict}; {entry['why']}", limit=400)


def _facts(found: Mapping[str, Any]) -> RenderableType:
    hosts, orbits, room = sum(found["orbits"]), found["orbits"], found["capacity"]
    pairs = [("trade-off", " against ".join(found["trade_off"]))]
    alike = f"{count_of(len(orbits), 'orbit')} of interchangeable ones"
    pairs.append(
        (
            "hosts",
            f"{hosts:,} in {alike}"
            if len(orbits) < hosts
            else f"{hosts:,}, no two interchangeable",
        )
    )
    total = (
        f"{room['least']:,} to {room['most']:,}"
        if room["least"] < room["most"]
        else f"{room['most']:,}"
    )
    layers = f"{found['layers']:,} in the model; the hosts hold {total}"
    if room["settings"] > 1:
        layers += f", enough at {room['settings_with_room']:,} of {room['settings']:,} settings"
    pairs.append(("layers", layers))
    gates = (("in by", found["entry"]), ("out by", found["exit"]))
    told = ", ".join(f"{way} {clean(gate, limit=40)}" for way, gate in gates if gate)
    pairs.append(("tokens", told or "come in and go out at no cost"))
    if found["rounding"] is not None:
        levels = [
            f"{count_of(len(found['rounding'][key]), 'level')} of {what}"
            for key, what in (("bytes_per_s", "bandwidth"), ("latency_s", "latency"))
            if found["rounding"][key]
        ]
        pairs.append(
            ("rounding", f"links to {' and '.join(levels)}, down for designs, up for bounds")
        )
    settings = found["settings"]
    if settings is not None:
        pairs.append(
            (
                "settings",
                f"{settings['count']:,}: microbatch {value_text(settings['microbatch'])}; "
                f"in flight {value_text(settings['in_flight'])}",
            )
        )
        pairs.append(
            (
                "search",
                f"{count_of(found['options'], 'option')} of hosts; "
                f"{count_of(found['cells'], 'cell')} of labels a setting",
            )
        )
    if found["bound_tok_per_s"] is not None:
        pairs.append(
            ("bound", f"{short(found['bound_tok_per_s'], 6)} tok/s, links between hosts apart")
        )
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in pairs:
        table.add_row(Text(name), Text(clean(value, limit=300)))
    return table


def _host_table(found: Mapping[str, Any], *, width: int, ascii_only: bool) -> RenderableType:
    shown = found["hosts"][:_MOST_ROWS]
    prices = [entry["usd_per_hour"] for entry in shown]
    columns = [
        [clean(entry["machine"], limit=40) for entry in shown],
        [f"{entry['hosts']:,}" for entry in shown],
        [f"{entry['devices']:,}" for entry in shown],
        [with_prefix(entry["hbm_bytes"], "B") for entry in shown],
        aligned(prices, least=2),
        [f"{entry['orbits']:,}" for entry in shown],
        [_span(entry["most_layers"]) for entry in shown],
    ]
    headers = ["machine", "hosts", "devices", "HBM each", "US$/h", "orbits", "layers a host"]
    if not any(columns[4]):
        del headers[4], columns[4]
    if len(found["hosts"]) > len(shown):
        rest = found["hosts"][len(shown) :]
        for column in columns:
            column.append("")
        columns[0][-1] = f"and {count_of(len(rest), 'more kind')}"
        columns[1][-1] = f"{sum(entry['hosts'] for entry in rest):,}"
    return fitted_table(
        headers,
        [list(row) for row in zip(*columns, strict=True)],
        width=width,
        give_up=[0] * len(headers),
        numeric=[False] + [True] * (len(headers) - 1),
        folds=frozenset({0}),
        ascii_only=ascii_only,
    )


def _span(most: Mapping[str, int]) -> str:
    worst, best = most["worst"], most["best"]
    return f"{best}" if worst == best else f"{worst} to {best}"


def _link_table(
    links: Sequence[Mapping[str, Any]], *, width: int, ascii_only: bool
) -> RenderableType:
    rows = [
        [
            clean(entry["kind"].replace("_", " "), limit=60),
            f"{entry['links']:,}",
            _range(entry["bytes_per_s"], "B/s"),
            _range(entry["latency_s"], "s"),
        ]
        for entry in links
    ]
    return fitted_table(
        ["links", "count", "bandwidth", "latency"],
        rows,
        width=width,
        give_up=[0] * 4,
        numeric=[False, True, True, True],
        folds=frozenset({0}),
        ascii_only=ascii_only,
    )


def _range(ends: Sequence[float | Fraction], unit: str) -> str:
    low, high = (with_prefix(float(end), unit) for end in ends)
    return low if low == high else f"{low} to {high}"
