"""The economics of a question as CSV: one table a subject, units in the header."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from solver.report.economics_choices import design_text
from solver.report.economics_csv_parts import part_rows
from solver.report.numbers import clean

__all__ = ["economics_tables"]

_POINT = {
    "concurrency": "users",
    "speed_tok_per_s": "speed [tok/s/user]",
    "latency_ps": "latency [ps]",
    "ttft_s": "ttft [s]",
    "tok_per_s": "replica [tok/s]",
    "total_usd": "total [US$]",
    "usd_per_mtok": "average [US$/Mtok]",
    "marginal_usd_per_mtok": "marginal [US$/Mtok]",
    "elasticity_of_scale": "elasticity of scale",
    "elasticity_of_throughput": "elasticity of throughput",
    "joules_per_token": "energy [J/token]",
    "marginal_joules_per_token": "marginal energy [J/token]",
    "watts": "power [W]",
}


def economics_tables(document: Mapping[str, Any]) -> dict[str, str]:
    """File name to text (RFC 4180, but lines end in a plain newline); empty tables are left out."""
    tables = dict(_fleet(document) if document["economics"] == "fleet" else _replica(document))
    tables["preferences.csv"] = _preferences(document)
    return {name: text for name, text in tables.items() if text}


def _text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Empty where there is no row."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow(["" if value is None else value for value in row])
        count += 1
    return stream.getvalue() if count else ""


def _replica(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    groups = document["groups"]
    name = [(group, clean(group["model"]), clean(group["machine"])) for group in groups]
    curves = [(model, machine, c) for group, model, machine in name for c in group["curves"]]
    if "costs" not in document["sections"]:
        # Curves that other sections rest on are not asked for themselves.
        curves = []
    yield (
        "production.csv",
        _text(
            ["model", "machine", "layout", "devices", *_POINT.values(), "limits broken"],
            (
                [
                    model,
                    machine,
                    curve["layout"],
                    curve["devices"],
                    *(point[key] for key in _POINT),
                    ", ".join(point["broken"]),
                ]
                for model, machine, curve in curves
                for point in curve["points"]
            ),
        ),
    )
    yield "zones.csv", _text(_ZONE_HEADER, (_zone(*entry) for entry in curves if entry[2]["zone"]))
    for file, header, rows in part_rows(document):
        yield file, _text(header, rows)
    yield (
        "long_run.csv",
        _text(
            _LONG_RUN_HEADER,
            (
                [
                    model,
                    machine,
                    step["first"],
                    step["last"],
                    step["usd_per_hour"],
                    step["usd_per_user_hour"],
                    step["one_more_usd_per_hour"],
                    step["usd_per_mtok_at_min_speed"],
                    " + ".join(f"{m['replicas']} x {m['layout']}" for m in step["mix"]),
                ]
                for group, model, machine in name
                if group["long_run"] is not None
                for step in group["long_run"]["steps"]
            ),
        ),
    )
    yield (
        "utilisation.csv",
        _text(
            ["model", "machine", *_LOADED],
            (
                [model, machine, *(row[key] for key in _LOADED.values())]
                for group, model, machine in name
                for row in group["utilisation"]
            ),
        ),
    )
    yield (
        "break_even.csv",
        _text(
            _BREAK_EVEN_HEADER,
            (
                [model, machine, *row]
                for group, model, machine in name
                for offer in group["api"]
                for row in _offer(offer)
            ),
        ),
    )
    yield (
        "owning.csv",
        _text(
            ["model", "machine", *_OWNING],
            (
                [model, machine, *(group["owning"][key] for key in _OWNING.values())]
                for group, model, machine in name
                if group["owning"] is not None
            ),
        ),
    )


_LOADED = {
    "load": "utilisation",
    "output [tok/s]": "tok_per_s",
    "cost [US$/Mtok]": "usd_per_mtok",
    "cost exact": "usd_per_mtok_exact",
    "times full load": "times",
}
_OWNING = {
    "power of a device [W]": "watts_per_device",
    "owned [US$/h]": "usd_per_hour",
    "use stated": "stated_utilisation",
    "rented [US$/h]": "rented_usd_per_hour",
    "least use": "least_utilisation",
    "least use exact": "least_utilisation_exact",
}
_LONG_RUN_HEADER = (
    "model",
    "machine",
    "users from",
    "users to",
    "cost [US$/h]",
    "average [US$/user-h]",
    "one user more [US$/h]",
    "average at the speed promised [US$/Mtok]",
    "replicas",
)
_ZONE_HEADER = (
    "model",
    "machine",
    "layout",
    "tolerance",
    "users from",
    "users to",
    "users at least cost",
    "least cost [US$/Mtok]",
    "place",
    "ended by",
    "inflection [users]",
    "users at least energy",
)
_BREAK_EVEN_HEADER = (
    "model",
    "machine",
    "offer",
    "offer [US$/Mtok with prompts]",
    "ours",
    "replica [US$/h]",
    "replica [tok/s]",
    "first [tok/s]",
    "first exact",
    "first [Mtok/day]",
    "first [requests/s]",
    "first load of replica",
    "always from [tok/s]",
    "always from exact",
    "always from replicas",
)


def _zone(model: str, machine: str, curve: Mapping[str, Any]) -> list[Any]:
    zone, turn = curve["zone"], curve["inflection"]
    return [
        model,
        machine,
        curve["layout"],
        zone["tolerance"],
        zone["lowest"],
        zone["highest"],
        zone["best"]["concurrency"],
        zone["best"]["usd_per_mtok"],
        zone["place"],
        ", ".join(zone["ended_by"]),
        None if turn is None else turn["concurrency"],
        curve["least_energy_concurrency"],
    ]


def _offer(offer: Mapping[str, Any]) -> Iterator[list[Any]]:
    for name in ("renting", "owning"):
        stairs = offer[name]
        if stairs is None:
            continue
        first, last = stairs["first"] or {}, stairs["last"] or {}
        yield [
            clean(offer["offer"]),
            offer["usd_per_mtok"],
            name,
            stairs["usd_per_hour"],
            stairs["tok_per_s"],
            first.get("tok_per_s"),
            first.get("tok_per_s_exact"),
            first.get("mtok_per_day"),
            first.get("requests_per_s"),
            first.get("utilisation"),
            last.get("tok_per_s"),
            last.get("tok_per_s_exact"),
            last.get("replicas"),
        ]


def _fleet(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    levels = {
        "share of demand": "share",
        "output [tok/s]": "tok_per_s",
        "cost [US$/h]": "usd_per_hour",
        "cost exact": "usd_per_hour_exact",
        "average [US$/Mtok]": "usd_per_mtok",
        "marginal [US$/Mtok]": "marginal_usd_per_mtok",
        "elasticity of scale": "elasticity_of_scale",
        "power [W]": "watts",
        "devices": "devices",
        "mean load": "utilisation",
        "not proved because": "unproved",
    }
    use = {
        "workload": "workload",
        "period": "period",
        "hours": "hours",
        "asked [tok/s]": "demand_tok_per_s",
        "carries [tok/s]": "capacity_tok_per_s",
        "load": "utilisation",
    }
    owning = {"machine": "machine", "contract": "contract", **_OWNING}
    for name, columns, rows in (
        ("demand.csv", levels, document["levels"]),
        ("load.csv", use, document["use"]),
        ("utilisation.csv", _LOADED, document["utilisation"]),
        ("owning.csv", owning, document["owning"]),
    ):
        yield name, _text(tuple(columns), ([row[key] for key in columns.values()] for row in rows))


def _preferences(document: Mapping[str, Any]) -> str:
    unit = "US$/h" if document["economics"] == "fleet" else "US$/Mtok"
    header = ["preference", "rule", "design", "speed [tok/s/user]", f"cost [{unit}]", "cost exact"]
    header += [f"more cost [{unit}]", "times speed", "what runs"]
    return _text(header, (row for choice in document["preferences"] for row in _choice(choice)))


def _choice(choice: Mapping[str, Any]) -> Iterator[list[Any]]:
    for key in ("chosen", "next_faster", "next_cheaper", "runner_up"):
        option = choice[key]
        if option is None:
            continue
        yield [
            clean(choice["name"]),
            choice["rule"],
            key.replace("_", " "),
            option["speed"],
            option["cost"],
            option["cost_exact"],
            option.get("more_cost"),
            option.get("times_speed"),
            design_text(option["design"]),
        ]
