"""The three principles as verdicts: step by step, along doublings, and with waiting priced in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from solver.report.economics_words import table_of
from solver.report.numbers import clean, short

__all__ = ["principle_parts"]

_WAYS = (("principles", "steps"), ("doublings", "doublings"))


def principle_parts(
    groups: Sequence[Mapping[str, Any]], *, width: int, ascii_only: bool
) -> Iterator[RenderableType]:
    """A table of verdicts, the first counterexamples along doublings, and waiting."""
    judged = [
        (group, curve) for group in groups for curve in group["curves"] if curve["principles"]
    ]
    if not judged:
        return
    names = [principle["name"] for principle in judged[0][1]["principles"]]
    yield Text("")
    yield Text("Three principles, judged on exact figures", style="bold")
    yield table_of(
        [
            ("model", 0, False),
            ("machine", 0, False),
            ("layout", 1, False),
            ("judged\nby", 0, False),
            *((name.replace(" ", "\n"), 0, False) for name in names),
        ],
        [
            [
                clean(group["model"]) if first else "",
                clean(group["machine"]) if first else "",
                clean(curve["layout"]) if first else "",
                way,
                *(_verdict(principle) for principle in curve[key]),
            ]
            for group, curve in judged
            for first, (key, way) in zip((True, False), _WAYS, strict=True)
            if curve[key]
        ],
        width=width,
        ascii_only=ascii_only,
    )
    yield Text(
        "3/40: it fails, at 3 of 40 steps. Kernels work in tiles, so single steps are jagged; "
        "doublings (1, 2, 4 ... users) look past that."
    )
    for group, curve in judged:
        of = f"{clean(group['model'])} on {clean(group['machine'])}"
        for principle in curve["doublings"] or curve["principles"]:
            text = _why(principle)
            if text:
                yield Text(f"{of}, {principle['name']}: {text}.")
        waiting = _waiting(curve["waiting"])
        if waiting:
            yield Text(f"{of}, with waiting priced in: {waiting}.")


def _verdict(principle: Mapping[str, Any]) -> str:
    if principle["holds"] is None:
        return "open"
    if principle["holds"]:
        return "holds"
    steps = principle["steps"]
    return f"{principle['breaks']}/{steps}" if steps else "fails"


def _why(principle: Mapping[str, Any]) -> str:
    found = principle["worst"] or principle["counterexample"]
    if principle["holds"] is not False and not principle["why"]:
        return ""
    if principle["why"]:
        at = "" if found is None else f" ({found['concurrency']:,} users)"
        return f"{principle['why']}{at}"
    if found is None:
        return ""
    return (
        f"most at {found['concurrency']:,} users, from {short(found['before'])} to "
        f"{short(found['here'])} {found['unit']}"
    )


def _waiting(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    if not found["interior"]:
        return "at no value of time is the optimum interior"
    below = found["below_usd_per_s"]
    above = short(found["above_usd_per_s"])
    text = f"the optimum is interior where a second of one user is worth more than US$ {above}"
    if below is not None:
        text += f" and less than {short(below)}"
    for load in found["stated"]:
        text += (
            f"; at {short(load['usd_per_s'])} ({clean(load['name'])}) it is "
            f"{load['concurrency']:,} users, {load['place']}"
        )
    return text
