"""Stages of one placement point as tables of plain text, for terminal and page alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from solver.report.numbers import aligned, clean, percent, short
from solver.report.placement_facts import (
    busiest_text,
    chains_of,
    full_links,
    is_flow,
    layers_text,
    memory_text,
    pace_text,
    range_groups,
    setting_text,
    share_text,
    stage_name,
)

__all__ = ["NUMBERS", "StageTable", "link_table", "stage_tables"]

NUMBERS = frozenset(
    {
        "place",
        "TP",
        "layers",
        "stage ms",
        "hand-over ms",
        "HBM",
        "tok/s",
        "US$/h",
        "hosts",
        "most",
        "busy",
        "GB/s",
        "ms",
    }
)
"""Headers whose cells are numbers."""


@dataclass(frozen=True, slots=True)
class StageTable:
    """One pipeline, or the ranges of a flow: a heading, a table without empty columns, sentences.

    Parameters
    ----------
    heading
        Empty where the design is one pipeline.
    headers, rows
        Plain text.
    sentences
        What paces it, its busiest link.
    """

    heading: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sentences: tuple[str, ...]


def stage_tables(design: Mapping[str, Any]) -> list[StageTable]:
    """A table for every pipeline of the design, or one for its flow.

    Of replicas that are alike but for their hosts the first stands for all.
    """
    if is_flow(design):
        return [_flow_table(design)]
    chains = chains_of(design)
    if len(chains) == 1:
        return [_chain_table(chains[0], "")]
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, chain in enumerate(chains):
        groups.setdefault(_likeness(chain), []).append(place)
    return [
        _chain_table(chains[places[0]], _replica_heading(chains, places))
        for places in groups.values()
    ]


def _likeness(chain: Mapping[str, Any]) -> tuple[Any, ...]:
    stages = ((stage_name(stage), stage["layers"]) for stage in chain["stages"])
    return chain.get("microbatch"), chain.get("in_flight"), *stages


def _replica_heading(chains: Sequence[Mapping[str, Any]], places: Sequence[int]) -> str:
    heading = f"Replica {places[0] + 1} of {len(chains)}"
    if len(places) == 1:
        return heading
    others = [
        f"{place + 1} on {_few([clean(s['host'], limit=40) for s in chains[place]['stages']])}"
        for place in places[1:]
    ]
    return f"{heading}; alike: {_few(others)}"


def _without_empty(
    headers: Sequence[str], columns: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    kept = [k for k, column in enumerate(columns) if any(column)]
    rows = zip(*(columns[k] for k in kept), strict=True)
    return tuple(headers[k] for k in kept), tuple(rows)


def _milliseconds(values: Sequence[float | None]) -> list[str]:
    return aligned([None if value is None else 1e3 * value for value in values])


def _chain_table(chain: Mapping[str, Any], heading: str) -> StageTable:
    stages = chain["stages"]
    degrees = [stage.get("tensor_parallel") for stage in stages]
    # Where every host is one device there is no degree to tell.
    told = any(degree not in (None, 1) for degree in degrees) or any(
        stage.get("devices", 1) != 1 for stage in stages
    )
    columns = [
        [str(place) for place in range(1, len(stages) + 1)],
        [clean(stage["host"], limit=40) for stage in stages],
        [clean(stage["machine"], limit=40) for stage in stages],
        ["" if not told or degree is None else str(degree) for degree in degrees],
        [layers_text(stage) for stage in stages],
        _milliseconds([stage.get("stage_time_s") for stage in stages]),
        _milliseconds([stage.get("hand_over_s") for stage in stages]),
        [memory_text(stage) for stage in stages],
        aligned([stage.get("tok_per_s") for stage in stages]),
        aligned([stage.get("usd_per_hour") for stage in stages], least=2),
    ]
    headers = (
        "place", "host", "machine", "TP", "layers", "stage ms", "hand-over ms", "HBM", "tok/s",
        "US$/h",
    )  # fmt: skip
    sentences = [_rates(chain), pace_text(chain), busiest_text(chain)]
    return StageTable(
        heading,
        *_without_empty(headers, columns),
        tuple(sentence for sentence in sentences if sentence),
    )


def _rates(chain: Mapping[str, Any]) -> str:
    told = []
    setting = setting_text(chain)
    if setting:
        told.append(f"Microbatch {setting.replace(' × ', ', ')} in flight")
    if chain.get("tok_per_s") is not None:
        told.append(f"{short(float(chain['tok_per_s']))} tok/s")
    if chain.get("usd_per_hour") is not None:
        told.append(f"US${float(chain['usd_per_hour']):,.2f}/h")
    ways = (("in by", chain.get("entry")), ("out by", chain.get("exit")))
    told += [f"{way} {clean(gate, limit=40)}" for way, gate in ways if gate]
    return "; ".join(told) + "." if told else ""


def _flow_table(design: Mapping[str, Any]) -> StageTable:
    groups = range_groups(design)
    carried = [sum(float(stage["tok_per_s"]) for stage in stages) for _, stages in groups]
    most = [
        sum(float(stage.get("capacity_tok_per_s") or 0.0) for stage in stages)
        for _, stages in groups
    ]
    columns = [
        [held for (_, held), _ in groups],
        [name for (name, _), _ in groups],
        [f"{len(stages):,}" for _, stages in groups],
        aligned(carried),
        aligned([value or None for value in most]),
        [percent(flow / room) if room else "" for flow, room in zip(carried, most, strict=True)],
        [_few([clean(stage["host"], limit=40) for stage in stages]) for _, stages in groups],
    ]
    headers = ("layers", "machine", "hosts", "tok/s", "most", "busy", "named")
    sentences = [busiest_text(design)]
    full = full_links(design)
    if full:
        sentences.append(f"Full links: {_few(full, most=8)}.")
    idle = [clean(name, limit=40) for name in design.get("idle_hosts") or ()]
    if idle:
        sentences.append(f"Idle hosts: {_few(idle, most=12)}.")
    return StageTable(
        "", *_without_empty(headers, columns), tuple(text for text in sentences if text)
    )


def _few(names: Sequence[str], *, most: int = 4) -> str:
    told = ", ".join(names[:most])
    return told if len(names) <= most else f"{told} and {len(names) - most:,} more"


def link_table(design: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Links in use, one row a direction, the busiest first: headers and rows of plain text."""
    chains = [design] if is_flow(design) else chains_of(design)
    links = sorted(
        (link for chain in chains for link in chain.get("links") or ()),
        key=lambda link: -float(link.get("busy_fraction") or 0.0),
    )
    columns = [
        [clean(link["name"], limit=60) for link in links],
        [clean(link["from"], limit=40) for link in links],
        [clean(link["to"], limit=40) for link in links],
        aligned([float(link["bytes_per_s"]) / 1e9 for link in links]),
        aligned(
            [
                None if link.get("latency_s") is None else 1e3 * float(link["latency_s"])
                for link in links
            ]
        ),
        [
            "; ".join(
                f"{clean(a, limit=40)} to {clean(b, limit=40)}"
                for a, b in (link.get("uses") or ())[:6]
            )
            for link in links
        ],
        [
            "" if link.get("busy_fraction") is None else share_text(float(link["busy_fraction"]))
            for link in links
        ],
    ]
    return _without_empty(("link", "from", "to", "GB/s", "ms", "used by", "busy"), columns)
