"""The economics of a question on the terminal: tables of 80 columns, and what must be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from solver.report.economics_choices import choice_parts
from solver.report.economics_clock import clock_parts
from solver.report.economics_fleet import fleet_parts
from solver.report.economics_job import job_parts
from solver.report.economics_owning import owning_text
from solver.report.economics_principles import principle_parts
from solver.report.economics_utilisation import utilisation_parts
from solver.report.economics_words import chosen_points, entry, limit_words, table_of
from solver.report.numbers import aligned, clean, percent, short
from solver.report.terminal import show

__all__ = ["print_economics"]

_MOST_IN_FULL = 4
"""Groups whose curves are all shown; of more only that of the cheapest."""
_CURVE_ROWS = 9
_LONG_RUN_ROWS = 8


def print_economics(document: Mapping[str, Any], console: Console) -> None:
    """Print ``document`` (``Economics.to_dict``), all but the bills of services."""
    width, ascii_only = console.width, console.options.ascii_only
    parts: list[RenderableType] = [
        Text(clean(document["instance"]["title"] or document["instance"]["name"]), style="bold")
    ]
    if document["economics"] == "fleet":
        parts.extend(fleet_parts(document, width=width, ascii_only=ascii_only))
    else:
        parts.extend(_replica_parts(document, width=width, ascii_only=ascii_only))
    parts.extend(choice_parts(document, width=width, ascii_only=ascii_only))
    show(console, Group(*parts))


def _replica_parts(
    document: Mapping[str, Any], *, width: int, ascii_only: bool
) -> Iterator[RenderableType]:
    yield Text(_level_text(document))
    groups, sections = document["groups"], document["sections"]
    able = [group for group in groups if group["best"] is not None]
    full = able if len(groups) <= _MOST_IN_FULL else [_cheapest(document)] if able else []
    if "costs" in sections:
        yield from _summary(document, width, ascii_only)
        for group in full:
            for curve in group["curves"]:
                yield from _curve(group, curve, width, ascii_only)
    yield from principle_parts(groups, width=width, ascii_only=ascii_only)
    for group in full:
        yield from _long_run(group, width, ascii_only)
    if able:
        group = _cheapest(document)
        yield from utilisation_parts(
            group,
            f"Cost at real load, {_of(group)}",
            rates=True,
            width=width,
            ascii_only=ascii_only,
        )
    yield from job_parts(document, width=width, ascii_only=ascii_only)
    yield from clock_parts(document, width=width, ascii_only=ascii_only)
    yield from _api(able, width, ascii_only)
    if "owning" in sections:
        yield from _owning(able)
    for name in document["left_out"]:
        yield Text(f"Stopped before it was looked at in full: {clean(name)}.")


def _level_text(document: Mapping[str, Any]) -> str:
    level = document["service_level"]
    parts = []
    if level["min_speed_tok_per_s"] is not None:
        parts.append(f"at least {short(level['min_speed_tok_per_s'])} tok/s for every user")
    if level["max_ttft_s"] is not None:
        parts.append(f"first token within {short(level['max_ttft_s'])} s")
    return "Service level: " + (", ".join(parts) or "none stated; memory and machines alone limit")


def _cheapest(document: Mapping[str, Any]) -> Mapping[str, Any]:
    model, machine = document["cheapest"]
    return next(g for g in document["groups"] if (g["model"], g["machine"]) == (model, machine))


def _of(group: Mapping[str, Any]) -> str:
    return f"{clean(group['model'])} on {clean(group['machine'])}"


def _summary(document: Mapping[str, Any], width: int, ascii_only: bool) -> Iterator[RenderableType]:
    groups = document["groups"]
    tolerance = document["terms"]["tolerance"]
    share = percent(float(entry(tolerance)))
    yield Text("")
    yield Text(f"Cheapest at its best load, and the zone within {share} of that", style="bold")
    rows = []
    for group in groups:
        best = group["best"]
        if best is None:
            rows.append(
                [clean(group["model"]), clean(group["machine"]), "", "", "", "", "none", ""]
            )
            continue
        curve = group["curves"][0]
        zone = curve["zone"]
        rows.append(
            [
                clean(group["model"]),
                clean(group["machine"]),
                clean(best["layout"]),
                f"{best['concurrency']:,}",
                short(best["speed_tok_per_s"]),
                short(best["usd_per_mtok"]),
                f"{zone['lowest']:,} to {zone['highest']:,}",
                clean(", ".join(zone["ended_by"])),
            ]
        )
    yield table_of(
        [
            ("model", 2 if len({g["model"] for g in groups}) == 1 else 0, False),
            ("machine", 3 if len({g["machine"] for g in groups}) == 1 else 0, False),
            ("layout", 4, False),
            ("users", 0, True),
            ("tok/s\n/user", 0, True),
            ("US$\n/Mtok", 0, True),
            ("zone\nusers", 0, True),
            ("ended by", 1, False),
        ],
        rows,
        width=width,
        ascii_only=ascii_only,
    )
    for group in groups:
        if group["best"] is None:
            yield Text(f"{_of(group)}: no layout keeps the service level at any batch on offer.")
            continue
        curve = group["curves"][0]
        yield Text(_turn_text(group, curve))


def _turn_text(group: Mapping[str, Any], curve: Mapping[str, Any]) -> str:
    zone, turn = curve["zone"], curve["inflection"]
    place = {
        "interior": "the least cost lies inside what is feasible",
        "upper end": f"the least cost lies at the upper end ({', '.join(zone['ended_by'])})",
        "lower end": "the least cost lies at the lower end",
        "only": "one batch alone is feasible",
    }[zone["place"]]
    told = {
        None: "",
        "inside": "throughput over ln users turns at {}"
        + (", first of several times" if turn is not None and turn["again"] else ""),
        "below": "throughput over ln users has turned before the first batch",
        "above": "throughput over ln users has not turned by the last batch",
    }[None if turn is None else turn["side"]]
    if turn is not None and turn["concurrency"] is not None:
        told = told.format(f"{turn['concurrency']:,} users")
    energy = curve["least_energy_concurrency"]
    watts = "" if energy is None else f"; least energy at {energy:,} users"
    return f"{_of(group)}: {place}{'; ' if told else ''}{told}{watts}."


def _curve(
    group: Mapping[str, Any], curve: Mapping[str, Any], width: int, ascii_only: bool
) -> Iterator[RenderableType]:
    points = curve["points"]
    zone, turn = curve["zone"], curve["inflection"]
    wanted = set()
    if zone is not None:
        wanted = {zone["lowest"], zone["best"]["concurrency"], zone["highest"]}
    if turn is not None and turn["concurrency"] is not None:
        wanted.add(turn["concurrency"])
    chosen = chosen_points(points, _CURVE_ROWS, wanted)
    yield Text("")
    yield Text(f"{_of(group)}, {clean(curve['layout'])}, devices: {curve['devices']}", style="bold")
    marks = []
    for point in chosen:
        users, signs = point["concurrency"], []
        if zone is not None and users == zone["best"]["concurrency"]:
            signs.append("least")
        elif zone is not None and any(low <= users <= high for low, high in zone["runs"]):
            signs.append("zone")
        if turn is not None and users == turn["concurrency"]:
            signs.append("turn")
        if point["broken"]:
            signs.append(limit_words(point["broken"]))
        marks.append(clean(", ".join(signs)))
    columns = {
        "users": [f"{point['concurrency']:,}" for point in chosen],
        "tok/s\n/user": aligned([point["speed_tok_per_s"] for point in chosen]),
        "TTFT\ns": aligned([point["ttft_s"] for point in chosen]),
        "replica\ntok/s": [f"{point['tok_per_s']:,.0f}" for point in chosen],
        "average\nUS$/Mtok": aligned([point["usd_per_mtok"] for point in chosen]),
        "marginal\nUS$/Mtok": aligned([point["marginal_usd_per_mtok"] for point in chosen]),
        "returns\nAC/MC": _ratios([point["elasticity_of_scale"] for point in chosen]),
        "dlnX\n/dlnN": _ratios([point["elasticity_of_throughput"] for point in chosen]),
        "J\n/token": aligned([point["joules_per_token"] for point in chosen]),
        "": marks,
    }
    give_up = {"TTFT\ns": 3, "replica\ntok/s": 4, "J\n/token": 1}
    kept = {name: cells for name, cells in columns.items() if any(cells)}
    yield table_of(
        [(name, give_up.get(name, 0), bool(name)) for name in kept],
        [list(row) for row in zip(*kept.values(), strict=True)],
        width=width,
        ascii_only=ascii_only,
    )


def _ratios(values: Sequence[float | None]) -> list[str]:
    return ["" if value is None else f"{value:.2f}" for value in values]


def _long_run(group: Mapping[str, Any], width: int, ascii_only: bool) -> Iterator[RenderableType]:
    found = group["long_run"]
    if found is None:
        return
    # The last step is cut where the search ends, so its cost per user is not that of a full step.
    steps = [step for step in found["steps"] if step["last"] < found["highest"]] or found["steps"]
    chosen = chosen_points(steps, _LONG_RUN_ROWS, set(), key="last")
    yield Text("")
    yield Text(f"Long run, {_of(group)}: the cheapest replicas for N users", style="bold")
    yield table_of(
        [
            ("N", 0, True),
            ("US$/h", 0, True),
            ("US$/\nuser-hour", 0, True),
            ("US$/Mtok\npromised", 1, True),
            ("one user\nmore, US$/h", 2, True),
            ("replicas x layout", 0, False),
        ],
        [
            [
                f"{step['last']:,}",
                hours,
                users,
                tokens,
                more,
                clean(" + ".join(f"{m['replicas']} x {m['layout']}" for m in step["mix"])),
            ]
            for step, hours, users, tokens, more in zip(
                chosen,
                aligned([step["usd_per_hour"] for step in chosen], least=2),
                aligned([step["usd_per_user_hour"] for step in chosen]),
                aligned([step["usd_per_mtok_at_min_speed"] for step in chosen]),
                aligned([step["one_more_usd_per_hour"] for step in chosen], least=2),
                strict=True,
            )
        ],
        width=width,
        ascii_only=ascii_only,
    )
    yield Text(f"At no N a user costs less than {short(found['least_usd_per_user_hour'])} US$/h.")


def _api(
    groups: Sequence[Mapping[str, Any]], width: int, ascii_only: bool
) -> Iterator[RenderableType]:
    rows = []
    one_model = len({group["model"] for group in groups}) == 1
    for group in groups:
        for offer in group["api"]:
            for name in ("renting", "owning"):
                stairs = offer[name]
                if stairs is None:
                    continue
                first, last = stairs["first"], stairs["last"]
                rows.append(
                    [
                        clean(group["machine"]) if one_model else _of(group),
                        clean(offer["offer"]),
                        name,
                        "never" if first is None else short(first["tok_per_s"]),
                        "" if first is None else short(first["mtok_per_day"]),
                        ""
                        if first is None or first["requests_per_s"] is None
                        else short(first["requests_per_s"]),
                        "" if first is None else percent(first["utilisation"]),
                        "never" if last is None else short(last["tok_per_s"]),
                    ]
                )
    if not rows:
        return
    yield Text("")
    yield Text("Break-even against a price per token, whole replicas", style="bold")
    yield table_of(
        [
            ("design", 3 if len(groups) == 1 else 0, False),
            ("API", 0, False),
            ("ours", 0, False),
            ("from\ntok/s", 0, True),
            ("Mtok\n/day", 1, True),
            ("requests\n/s", 2, True),
            ("load", 0, True),
            ("always\nfrom", 0, True),
        ],
        rows,
        width=width,
        ascii_only=ascii_only,
    )
    prices = {offer["offer"]: offer["usd_per_mtok"] for g in groups for offer in g["api"]}
    told = ", ".join(f"{clean(name)} {short(price)}" for name, price in prices.items())
    yield Text(f"US$ of a million output tokens with the prompts that go with them: {told}.")
    yield Text(
        "From: the least load (tok/s) at which whole replicas are no dearer. Always from: past it "
        "they are never dearer again, however empty the newest is."
    )
    for group in groups:
        for offer in group["api"]:
            early, first = offer["earliest"], offer["renting"]["first"]
            if early is not None and (first is None or early["tok_per_s"] < first["tok_per_s"]):
                yield Text(
                    f"{_of(group)} pays against {clean(offer['offer'])} from "
                    f"{short(early['tok_per_s'])} tok/s already with {clean(early['layout'])}, at "
                    f"its cheapest batch "
                    f"(devices: {early['devices']})."
                )


def _owning(groups: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    told = [group for group in groups if group["owning"] is not None]
    if not told:
        return
    yield Text("")
    yield Text("Owning against renting, for one device and hour in use", style="bold")
    for group in told:
        yield Text(owning_text(clean(group["machine"]), group["owning"]))
