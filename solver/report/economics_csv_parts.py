"""Tables of economics that not every question has, as rows: judgements, waiting, jobs, clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from solver.report.numbers import clean

__all__ = ["part_rows"]

Rows = list[list[Any]]

_PRINCIPLES = (
    "model",
    "machine",
    "layout",
    "judged by",
    "principle",
    "holds",
    "steps that break it",
    "steps",
    "first at [users]",
    "before",
    "here",
    "most at [users]",
    "before, most",
    "here, most",
    "unit",
    "why",
)
_WAITING = (
    "model",
    "machine",
    "layout",
    "interior above [US$/s]",
    "interior below [US$/s]",
    "preference",
    "value [US$/s]",
    "users",
    "place",
)
_JOB = (
    "model",
    "machine",
    "layout",
    "devices",
    "best of its devices",
    "users",
    "time [s]",
    "time exact",
    "cost [US$]",
    "cost exact",
)
_CLOCK = (
    "model",
    "machine",
    "design",
    "layout",
    "batch",
    "clock [MHz]",
    "energy [J/token]",
    "energy exact",
    "power [W]",
    "speed [tok/s/user]",
    "cost [US$/Mtok]",
    "least energy",
    "limits broken",
)


def part_rows(document: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str], Rows]]:
    """File name, header and rows of every such table of a replica; rows may be none."""
    curves = [
        ([clean(group["model"]), clean(group["machine"]), curve["layout"]], curve)
        for group in document["groups"]
        for curve in group["curves"]
    ]
    yield (
        "principles.csv",
        _PRINCIPLES,
        [
            [*names, by, *_principle(judged)]
            for names, curve in curves
            for by, key in (("steps", "principles"), ("doublings", "doublings"))
            for judged in curve[key]
        ],
    )
    yield (
        "waiting.csv",
        _WAITING,
        [[*names, *row] for names, curve in curves for row in _waiting(curve["waiting"])],
    )
    yield "job.csv", _JOB, _jobs(document)
    yield "clock.csv", _CLOCK, _clocks(document)


def _principle(judged: Mapping[str, Any]) -> list[Any]:
    first, worst = judged["counterexample"] or {}, judged["worst"] or {}
    holds = {True: "yes", False: "no", None: ""}[judged["holds"]]
    figures = ("concurrency", "before", "here")
    return [
        judged["name"],
        holds,
        judged["breaks"],
        judged["steps"],
        *(first.get(key) for key in figures),
        *(worst.get(key) for key in figures),
        first.get("unit"),
        judged["why"],
    ]


def _waiting(found: Mapping[str, Any] | None) -> Iterator[list[Any]]:
    """One row a stated value of time; one without a value where none is stated."""
    if found is None:
        return
    # No value of time has an interior optimum: an empty range would read as any.
    ends = (
        [found["above_usd_per_s"], found["below_usd_per_s"]] if found["interior"] else ["none"] * 2
    )
    for load in found["stated"]:
        yield [*ends, clean(load["name"]), load["usd_per_s"], load["concurrency"], load["place"]]
    if not found["stated"]:
        yield [*ends, None, None, None, None]


def _jobs(document: Mapping[str, Any]) -> Rows:
    """Every load of the layouts that have a curve, then the best of every number of devices."""
    rows: Rows = []
    for group in document["groups"]:
        names = [clean(group["model"]), clean(group["machine"])]
        for curve in group["curves"]:
            for load in curve["job"]:
                rows.append([*names, curve["layout"], curve["devices"], "", *_load(load)])
        for best in group["jobs"]:
            rows.append([*names, best["layout"], best["devices"], best["aim"], *_load(best)])
    return rows


def _load(load: Mapping[str, Any]) -> list[Any]:
    keys = ("concurrency", "seconds", "seconds_exact", "usd", "usd_exact")
    return [load[key] for key in keys]


def _clocks(document: Mapping[str, Any]) -> Rows:
    return [
        [
            clean(group["model"]),
            clean(group["machine"]),
            curve["aim"],
            curve["layout"],
            curve["batch"],
            point["clock_mhz"],
            point["j_per_token"],
            point["j_per_token_exact"],
            point["watts"],
            point["speed_tok_per_s"],
            point["usd_per_mtok"],
            "yes" if point["clock_mhz"] == curve["least_mhz"] else "",
            ", ".join(point["broken"]),
        ]
        for group in document["clock"]
        for curve in group["curves"]
        for point in curve["points"]
    ]
