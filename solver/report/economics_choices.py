"""Recommendations under stated preferences, and what the next alternatives cost, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from solver.report.design import layout_name, precision_name
from solver.report.economics_words import entry, table_of
from solver.report.numbers import clean, short

__all__ = ["choice_parts", "design_text"]

_STATED = {
    "speed_exponent": "speed^{} per price",
    "usd_per_s_saved": "{} US$ for a second saved",
    "answer_tokens": "answers of {} tokens",
    "max_usd_per_hour": "at most {} US$/h",
    "max_usd_per_mtok": "at most {} US$/Mtok",
    "min_speed_tok_per_s": "at least {} tok/s",
    "max_ttft_s": "first token within {} s",
    "min_quality": "quality at least {}",
}


def choice_parts(
    document: Mapping[str, Any], *, width: int, ascii_only: bool
) -> Iterator[RenderableType]:
    """One row a design: the choice of every preference, then its alternatives."""
    unit = "US$/h" if document["economics"] == "fleet" else "US$/Mtok"
    choices = document["preferences"]
    if not choices:
        return
    yield Text("")
    yield Text("Recommended, and what the next alternatives cost", style="bold")
    rows = []
    several = len({group["model"] for group in document.get("groups", ())}) > 1
    for choice in choices:
        chosen = choice["chosen"]
        rows.append(_row(clean(choice["name"]), chosen, None, several))
        for key, name in (
            ("next_faster", "next faster"),
            ("next_cheaper", "next cheaper"),
            ("runner_up", "runner-up"),
        ):
            if choice[key] is not None:
                rows.append(_row(f"  {name}", choice[key], choice[key], several))
    yield table_of(
        [
            ("preference", 0, False),
            ("tok/s\n/user", 0, True),
            (unit.replace("/", "\n/"), 0, True),
            ("more\ncost", 0, True),
            ("times\nspeed", 1, True),
            ("design", 0, False),
        ],
        rows,
        width=width,
        ascii_only=ascii_only,
    )
    for choice in choices:
        yield Text(_text(choice))


def _row(
    name: str,
    option: Mapping[str, Any] | None,
    beside: Mapping[str, Any] | None,
    with_model: bool,
) -> list[str]:
    if option is None:
        return [name, "none", "", "", "", ""]
    model = f"{clean(option['design']['model'])} on " if with_model else ""
    more = "" if beside is None else f"{beside['more_cost']:+.4g}"
    times = "" if beside is None else f"{beside['times_speed']:.3f}"
    return [
        name,
        short(option["speed"]),
        short(option["cost"]),
        more,
        times,
        model + design_text(option["design"]),
    ]


def design_text(design: Mapping[str, Any]) -> str:
    """A replica's machine, layout and batch; or what a fleet runs."""
    if "replicas" in design:
        # Of several periods the fullest: replicas of one are not there beside those of another.
        by_period: dict[tuple[str, str], int] = {}
        for replica in design["replicas"]:
            key = (f"{replica['layout']} on {replica['machine']}", replica.get("period", ""))
            by_period[key] = by_period.get(key, 0) + int(replica["count"])
        counts: dict[str, int] = {}
        for (name, _), count in by_period.items():
            counts[name] = max(counts.get(name, 0), count)
        return clean(", ".join(f"{count} x {name}" for name, count in counts.items()))
    parts = [
        str(design["accelerator"]),
        layout_name(design),
        precision_name(design),
        f"batch {design['batch']:,}",
    ]
    return clean(" ".join(part for part in parts if part))


def _text(choice: Mapping[str, Any]) -> str:
    stated = ", ".join(
        _STATED[key].format(short(float(entry(value)))) for key, value in choice["stated"].items()
    )
    name = clean(choice["name"])
    if choice["chosen"] is None:
        reason = "no design meets it" if choice["complete"] else "none was found in time"
        return f"{name} ({stated}): {reason}."
    score = short(choice["score"])
    rule = {
        "speed^k/cost": "most speed for the price",
        "value of time": f"least cost of an answer and its waiting, {score} US$",
        "budget": "fastest within the budget",
        "service level": "cheapest at the service level",
    }[choice["rule"]]
    runner = choice["runner_up"]
    behind = ""
    if runner is not None:
        behind = f"; the runner-up is {100 * (runner['times_score'] - 1):.3g} % worse by it"
    open_part = "" if choice["complete"] else "; the frontier is not complete"
    return f"{name}: {rule} ({stated}){behind}{open_part}."
