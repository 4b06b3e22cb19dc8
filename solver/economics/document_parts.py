"""Parts of economics as plain JSON that not every question has: jobs, clocks, drafts, deadlines."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from solver.economics.clock import AlongClock, GroupClock
from solver.economics.job import JobLoad
from solver.economics.principles import Counterexample, Principle
from solver.economics.scan import LayoutJob
from solver.economics.speculation import Speculation
from solver.economics.valleys import DeadlineCost, Valleys
from solver.economics.waiting import Waiting

__all__ = [
    "clock_part",
    "exact",
    "job_part",
    "jobs_part",
    "number",
    "principle_part",
    "speculation_part",
    "valleys_part",
    "waiting_part",
]


def number(value: Fraction | None) -> float | None:
    """A fraction as a float."""
    return None if value is None else float(value)


def exact(name: str, value: Fraction | None) -> dict[str, Any]:
    """A figure as a float, and as a fraction beside it."""
    return {name: number(value), f"{name}_exact": None if value is None else str(value)}


def principle_part(judged: Principle) -> dict[str, Any]:
    """A judgement: verdict, first and worst counterexample, steps that break the rule."""
    return {
        "name": judged.name,
        "holds": judged.holds,
        "why": judged.why,
        "breaks": judged.breaks,
        "steps": judged.steps,
        "counterexample": _counterexample(judged.counterexample),
        "worst": _counterexample(judged.worst),
    }


def _counterexample(found: Counterexample | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "concurrency": found.concurrency,
        "before": float(found.before),
        "here": float(found.here),
        "unit": found.unit,
    }


def waiting_part(found: Waiting | None) -> dict[str, Any] | None:
    """Between which values of time the optimum is interior; values in US$ a second."""
    if found is None:
        return None
    return {
        "interior": found.interior,
        **exact("above_usd_per_s", found.above),
        **exact("below_usd_per_s", found.below),
        "stated": [
            {
                "name": load.name,
                **exact("usd_per_s", load.usd_per_s),
                "concurrency": load.concurrency,
                **exact("usd_per_token", load.usd_per_token),
                "place": load.place,
            }
            for load in found.stated
        ],
    }


def job_part(load: JobLoad) -> dict[str, Any]:
    """A job at one concurrency."""
    return {
        "concurrency": load.concurrency,
        **exact("seconds", load.seconds),
        **exact("usd", load.usd),
    }


def jobs_part(entry: LayoutJob) -> dict[str, Any]:
    """A job on the layout that does it cheapest, or fastest, of its number of devices."""
    return {
        "aim": entry.aim,
        "layout": entry.key.name,
        "devices": entry.devices,
        **job_part(entry.load),
    }


def clock_part(group: GroupClock) -> dict[str, Any]:
    """Energy along the clock of one model on one machine."""
    return {
        "model": group.model,
        "machine": group.machine,
        "curves": [_along(curve) for curve in group.curves],
    }


def _along(curve: AlongClock) -> dict[str, Any]:
    least = curve.least
    return {
        "aim": curve.aim,
        "layout": curve.layout,
        "devices": curve.devices,
        "batch": curve.batch,
        "chosen_mhz": curve.chosen_mhz,
        "least_mhz": least.clock_mhz,
        **exact("least_j_per_token", least.j_per_token),
        "place": curve.place,
        **exact("saved_at_highest", curve.saved_at_highest),
        "points": [
            {
                "clock_mhz": entry.clock_mhz,
                **exact("j_per_token", entry.j_per_token),
                "speed_tok_per_s": float(entry.point.speed),
                "usd_per_mtok": float(entry.point.average),
                "watts": None if entry.point.power_mw is None else entry.point.power_mw / 1000,
                "broken": list(entry.point.broken),
            }
            for entry in curve.points
        ],
    }


def speculation_part(found: Speculation) -> dict[str, Any]:
    """Drafting on one machine, by batch and draft length."""
    return {
        "machine": found.machine,
        "draft": found.draft,
        "acceptance": str(found.acceptance),
        "stops_paying_in_cost": found.stops_paying_in_cost,
        "stops_paying_in_energy": found.stops_paying_in_energy,
        "batches": [
            {
                "batch": at.batch,
                "best_by_cost": at.best_by_cost(),
                "best_by_energy": at.best_by_energy(),
                **exact("cost_ratio", at.cost_ratio()),
                **exact("energy_ratio", at.energy_ratio()),
                "lengths": [
                    {
                        "tokens": entry.tokens,
                        **exact("usd_per_mtok", entry.usd_per_mtok),
                        "latency_ps": entry.latency_ps,
                        **exact("j_per_token", entry.j_per_token),
                    }
                    for entry in at.lengths
                ],
            }
            for at in found.batches
        ],
    }


def valleys_part(found: Valleys) -> dict[str, Any]:
    """A batch as a flat rate, with its deadline, and along deadlines."""
    return {
        "workload": found.workload,
        "flat": _deadline(found.flat),
        "stated": _deadline(found.stated),
        "curve": [_deadline(entry) for entry in found.curve],
    }


def _deadline(entry: DeadlineCost) -> dict[str, Any]:
    return {
        "deadline_hours": number(entry.deadline_hours),
        "periods": list(entry.periods),
        **exact("usd_per_hour", entry.usd_per_hour),
        "devices": dict(entry.devices),
        "unproved": entry.unproved,
    }
