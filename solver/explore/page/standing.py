"""Where a scenario stands, in one sentence, and its progress while it is being solved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dash import html

from solver.errors import Fault
from solver.explore.page.attributes import label
from solver.explore.scenario import ScenarioState

__all__ = ["fault_list", "progress_line", "standing_sentence"]

_FILE_SAYS = {"complete": "Complete", "infeasible": "No plan meets all limits"}


def standing_sentence(state: ScenarioState) -> list[Any]:
    """What is shown for the scenario and what is proved of it; changes only with the answer."""
    document = state.document
    if state.status == "failed":
        kept = " The answer before it is still shown." if document is not None else ""
        return _sentence("bad", "Not solved.", f"Mend what is marked.{kept}")
    if state.status == "solving":
        return _sentence("", "Solving.", "The answer before is dimmed." if document else "")
    if document is None:
        stopped = "Stopped before there was anything to show."
        return _sentence("mind", "Stopped.", stopped) if state.revision else []
    if state.status == "cancelled" and state.shown != state.changes:
        kept = "The answer shown is that of before the change."
        return _sentence("mind", "Stopped.", f"Nothing was found yet. {kept}")
    told = document["status"]
    if state.opened:
        points = _count(len(document["points"]), "point")
        return _sentence(
            "mind",
            f"{_FILE_SAYS.get(told, 'Partial')}, says the file.",
            f"{points}. 'fleetfront verify' checks its proof.",
        )
    took = f" Solved in {_seconds(state.elapsed_s)}." if state.elapsed_s else ""
    points = _count(len(document["points"]), "point")
    if told == "complete":
        return _sentence(
            "good", "Complete.", f"{points}; it is proved that there are no more.{took}"
        )
    if told == "infeasible":
        return _sentence("bad", "No plan meets all limits.", f"That is proved.{took}")
    where = _count(len(document.get("open_boxes") or ()), "region")
    why = "Stopped: " if state.status == "cancelled" else ""
    return _sentence(
        "mind",
        "Partial.",
        f"{why}{points} so far; {where} where better plans may lie are open.{took}",
    )


def progress_line(state: ScenarioState) -> list[Any]:
    """A bar and figures while solving; nothing otherwise."""
    if state.status != "solving":
        return []
    told = f"{state.done} of {state.to_do}" if state.to_do else "starting"
    ratio: dict[str, Any] = (
        {"value": str(min(state.done, state.to_do)), "max": str(state.to_do)} if state.to_do else {}
    )
    bar = html.Progress(**ratio, **label("Progress of solving"))
    return [bar, html.Span(f"{told}, {_seconds(state.elapsed_s)}")]


def fault_list(faults: Iterable[Fault]) -> list[Any]:
    """A sentence for every fault that belongs to no control."""
    return [html.P(str(fault), className="fault") for fault in faults]


def _sentence(tone: str, head: str, rest: str) -> list[Any]:
    return [html.Strong(head, className=tone), f" {rest}"]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"
