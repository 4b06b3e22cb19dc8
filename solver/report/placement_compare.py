"""What changed between two placement results, in sentences."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from solver.report.compare_opening import compare_opening
from solver.report.findings import count_of
from solver.report.fleet_choose import recommended_of
from solver.report.fleet_facts import Goal, goals_of
from solver.report.numbers import clean, percent, with_prefix
from solver.report.placement_facts import (
    chains_of,
    exact_value,
    is_flow,
    layers_text,
    stage_name,
    told_values,
)
from solver.report.placement_findings import placement_title, short_placement_status
from solver.report.placement_short import design_in_short
from solver.report.question import leaves, value_text

__all__ = ["compare_placements"]

_MOST_CHANGES = 20
_MOST_LEVELS = 6
_MOST_HOSTS = 12
_TABLES = ("measured",)
"""Tables of the question without names in their rows: told as changed, not row by row."""


def compare_placements(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Sentences on what changed from result document ``a`` ("before") to ``b`` ("after").

    Questions are compared leaf by leaf, networks host by host and link by link, points by their
    exact objectives, the second objective at levels of the first; then the designs to read first.

    Raises
    ------
    ValueError
        If the two trade off different objectives, or in other units.
    """
    goals = goals_of(a)
    if goals != goals_of(b):
        raise ValueError("the two results trade off different objectives, or in other units")
    before, after = _images(a, goals), _images(b, goals)
    told, more = compare_opening(
        a,
        b,
        title=placement_title,
        status=short_placement_status,
        changes=_question_changes(a, b) + _network_changes(a, b),
        before=before,
        after=after,
    )
    if not more:
        return told
    return told + _levels(a, b, goals) + _designs(a, b, goals)


def _images(document: Mapping[str, Any], goals: Sequence[Goal]) -> set[tuple[Fraction, ...]]:
    return {tuple(exact_value(p, goal) for goal in goals) for p in document["points"]}


def _resolved(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document["instance"].get("resolved", {})
    return found


def _without_tables(tree: Any) -> Any:
    """The question with each measured table as one text, so that a change shows once."""
    if isinstance(tree, Mapping):
        return {
            key: f"a table of digest {_hash_of(item)}"
            if key in _TABLES and isinstance(item, Mapping | list) and item
            else _without_tables(item)
            for key, item in tree.items()
        }
    return [_without_tables(item) for item in tree] if isinstance(tree, list | tuple) else tree


def _hash_of(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]


def _capped(lines: list[str], what: str) -> list[str]:
    if len(lines) <= _MOST_CHANGES:
        return lines
    rest = count_of(len(lines) - _MOST_CHANGES, "more difference")
    return [*lines[:_MOST_CHANGES], f"And {rest} of the {what}."]


def _question_changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    offered = [_machine_names(document) for document in (a, b)]
    both = [name for name in offered[0] if name in offered[1]]
    before, after = (leaves(_told_leaf_by_leaf(document, both), "question") for document in (a, b))
    # A machine that comes or goes is one sentence, not one for each of its figures.
    lines = [
        f"Machine {clean(name, limit=60)}: only {when}."
        for names, when in zip(offered, ("before", "after"), strict=True)
        for name in names
        if name not in both
    ]
    for path in dict.fromkeys((*before, *after)):
        if path in before and path in after and before[path] == after[path]:
            continue
        where = clean(path.removeprefix("question."), limit=100)
        old = clean(value_text(before[path]), limit=80) if path in before else "absent"
        new = clean(value_text(after[path]), limit=80) if path in after else "absent"
        lines.append(f"{where}: {old} before, {new} after.")
    return _capped(lines, "question")


def _machine_names(document: Mapping[str, Any]) -> list[str]:
    return [str(machine.get("name")) for machine in _resolved(document).get("machines") or ()]


def _told_leaf_by_leaf(document: Mapping[str, Any], machines: Sequence[str]) -> dict[str, Any]:
    """The question without its network, and without machines that one side alone has."""
    tree: dict[str, Any] = _without_tables(_resolved(document))
    told = {key: value for key, value in tree.items() if key not in ("topology", "machines")}
    held = [m for m in tree.get("machines") or () if str(m.get("name")) in machines]
    return {**told, "machines": held} if held else told


def _parts(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Nodes and links of the network, by name."""
    network = _resolved(document).get("topology") or {}
    nodes = {str(node["id"]): node for node in network.get("nodes") or ()}
    edges = network.get("edges") or network.get("links") or ()
    return nodes, {
        str(edge.get("name") or "--".join(sorted((edge["source"], edge["target"])))): edge
        for edge in edges
    }


def _network_changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Hosts, switches and links that come, go or change."""
    lines: list[str] = []
    for what, old, new in zip(("node", "link"), _parts(a), _parts(b), strict=True):
        gone = [clean(name, limit=60) for name in old if name not in new]
        come = [clean(name, limit=60) for name in new if name not in old]
        for names, how in ((gone, "only before"), (come, "only after")):
            if names:
                lines.append(f"{count_of(len(names), what)} {how}: {_few(names)}.")
        lines += [
            f"{what} {clean(name, limit=60)}: {_changed(old[name], new[name])}."
            for name in old
            if name in new and old[name] != new[name]
        ]
    return _capped(lines, "network")


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    keys = [key for key in dict.fromkeys((*old, *new)) if old.get(key) != new.get(key)]
    return "; ".join(
        f"{clean(key, limit=40).replace('_', ' ')} {_figure(key, old.get(key))} before, "
        f"{_figure(key, new.get(key))} after"
        for key in keys
    )


def _figure(key: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        if key.endswith("bytes_per_s"):
            return with_prefix(value, "B/s")
        if key.endswith("latency_ps"):
            return with_prefix(value / 1e12, "s")
        if key.endswith("bytes"):
            return with_prefix(value, "B")
    return clean(value_text(value), limit=80)


def _few(names: Sequence[str]) -> str:
    told = ", ".join(names[:_MOST_HOSTS])
    return told if len(names) <= _MOST_HOSTS else f"{told} and {len(names) - _MOST_HOSTS:,} more"


def _levels(a: Mapping[str, Any], b: Mapping[str, Any], goals: Sequence[Goal]) -> list[str]:
    """The best of the last objective, at levels of the first where there are two."""
    if not (a["points"] and b["points"]):
        return []
    last = goals[-1]
    if len(goals) == 1:
        old, new = (_best_at(document, None, last, Fraction(0)) for document in (a, b))
        return [_step(f"The best {clean(last.name, limit=30)}", last, old, new)]
    first = goals[0]
    levels = sorted({exact_value(p, first) for d in (a, b) for p in d["points"]})
    if len(levels) > _MOST_LEVELS:
        end = len(levels) - 1
        levels = [levels[round(k * end / (_MOST_LEVELS - 1))] for k in range(_MOST_LEVELS)]
    side = "at least" if first.maximised else "at most"
    return [
        _step(
            f"With {clean(first.name, limit=30)} of {side} {first.told(float(level))}, "
            f"{clean(last.name, limit=30)}",
            last,
            *(_best_at(document, first, last, level) for document in (a, b)),
        )
        for level in levels
    ]


def _step(what: str, goal: Goal, old: Fraction | None, new: Fraction | None) -> str:
    if old is None or new is None:
        return f"{what}: {'newly reached' if old is None else 'no longer reached'}."
    if old == new:
        return f"{what}: {goal.told(float(old))}, as before."
    change = f" ({percent(float(new / old) - 1, signed=True)})" if old > 0 else ""
    return f"{what}: {goal.told(float(old))} before, {goal.told(float(new))} after{change}."


def _best_at(
    document: Mapping[str, Any], first: Goal | None, last: Goal, level: Fraction
) -> Fraction | None:
    """The best of ``last`` among points whose ``first`` is no worse than ``level``."""
    fit = []
    for point in document["points"]:
        if first is not None:
            value = exact_value(point, first)
            if value < level if first.maximised else value > level:
                continue
        fit.append(exact_value(point, last))
    return (max(fit) if last.maximised else min(fit)) if fit else None


def _designs(a: Mapping[str, Any], b: Mapping[str, Any], goals: Sequence[Goal]) -> list[str]:
    """How the design to read first changes, host by host."""
    before, after = recommended_of(a), recommended_of(b)
    if before is None or after is None:
        return []
    old, new = a["points"][before[0]], b["points"][after[0]]
    held = [_held(point["design"]) for point in (old, new)]
    values = [told_values(point, goals) for point in (old, new)]
    if held[0] == held[1]:
        told = values[1] if values[0] == values[1] else f"{values[0]} before, {values[1]} after"
        return [f"The design to read first stays the same: {told}."]
    lines = [
        f"The design to read first was {before[1]}, {values[0]}: {design_in_short(old['design'])}.",
        f"Now it is {after[1]}, {values[1]}: {design_in_short(new['design'])}.",
    ]
    steps = []
    for name, entry in held[0].items():
        if name not in held[1]:
            steps.append(f"{name} no longer in use")
        elif held[1][name] != entry:
            steps.append(f"{name} from {entry} to {held[1][name]}")
    steps += [f"{name} now {entry}" for name, entry in held[1].items() if name not in held[0]]
    if steps:
        lines.append(f"From the one to the other: {_few(steps)}.")
    return lines


def _held(design: Mapping[str, Any]) -> dict[str, str]:
    """What every host in use holds, and at which setting of its pipeline."""
    if is_flow(design):
        holders = [(stage, "") for stage in design["stages"]]
    else:
        holders = [
            (stage, f", microbatch {chain.get('microbatch')}, {chain.get('in_flight')} in flight")
            for chain in chains_of(design)
            for stage in chain["stages"]
        ]
    return {
        clean(stage["host"], limit=40): f"{stage_name(stage)} layers {layers_text(stage)}{setting}"
        for stage, setting in holders
    }
