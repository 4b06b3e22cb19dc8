"""What every step of a bill adds, in one line each, and why a step costs nothing or less."""

from __future__ import annotations

from fractions import Fraction

from solver.economics.bills import Bill, BillStep
from solver.instance.services.shape import ServiceShape
from solver.report.numbers import clean, percent, short

__all__ = ["step_name", "step_notes"]

_KEPT = {
    "none": "read by no later call",
    "turn": "read until the user speaks again",
    "all": "read for the rest of the session",
}


def step_name(step: BillStep, *, ascii_only: bool = False) -> str:
    """The name with a minus as long as the plus; in ASCII there is only the hyphen."""
    return step.name if ascii_only else step.name.replace("- ", "− ")


def step_notes(bill: Bill, *, ascii_only: bool = False) -> list[str]:
    """One line a step: what is new of it, and where its cost is no more than before, why."""
    lines = []
    for place, step in enumerate(bill.steps):
        before = bill.steps[place - 1] if place else None
        told = [_new(step, before), _cheap(bill, place)]
        name = step_name(step, ascii_only=ascii_only)
        lines.append(f"{name}: {' '.join(filter(None, told))}")
    return lines


def _new(step: BillStep, before: BillStep | None) -> str:
    shape, demand = step.shape, step.demand
    if before is None:
        behind = f" behind a system prompt of {shape.base_tokens:,} tokens"
        turns = "one message" if shape.turns == 1 else f"{shape.turns:,} messages"
        return f"{turns} a session, each alone{behind if shape.base_tokens else ''}."
    more = demand.input_tokens - before.demand.input_tokens
    if shape.tools is not None and before.shape.tools is None:
        return (
            f"{_count(demand.calls)} calls a session in place of {_count(before.demand.calls)}, "
            f"each with what tools gave before: {_count(more)} more prompt tokens."
        )
    if _thinks(shape) and not _thinks(before.shape) and shape.reasoning is not None:
        written = demand.output_tokens - before.demand.output_tokens
        return f"{_count(written)} more tokens written, {_KEPT[shape.reasoning.kept]}."
    if shape.retrieval is not None and before.shape.retrieval is None:
        waits = ""
        if shape.retrieval_s:
            waits = (
                f", found in {short(float(shape.retrieval_s), 3)} s of the time to the first token"
            )
        passages = f"{shape.retrieval.tokens:,} tokens of passages a message{waits}"
        return f"{passages}: {_count(more)} more prompt tokens."
    if shape.cache is not None and before.shape.cache is None:
        found = percent(float(demand.cached_tokens / demand.input_tokens))
        stored = step.cheapest.storage_usd
        share = ""
        if stored and step.usd:
            source = f" ({clean(shape.cache.source)})" if shape.cache.source else ""
            part = short(100 * float(stored / step.usd), 3)
            share = f" Storage of KV caches is {part} % of the cost{source}."
        return f"{found} of all prompt tokens are found, not computed.{share}"
    return f"earlier turns stand in later prompts: {_count(more)} more prompt tokens."


def _thinks(shape: ServiceShape) -> bool:
    return shape.reasoning is not None and shape.reasoning.tokens_per_visible > 0


def _count(value: Fraction) -> str:
    """A mean of whole numbers, exact where it is whole."""
    return f"{int(value):,}" if value.denominator == 1 else short(float(value), 4)


def _cheap(bill: Bill, place: int) -> str:
    step, added = bill.steps[place], bill.added(place)
    if not place or added is None:
        return ""
    if step.cheapest.unproved or bill.steps[place - 1].cheapest.unproved:
        return ""
    caching = step.shape.cache is not None and bill.steps[place - 1].shape.cache is None
    if caching:
        whole = bill.unit == "usd_per_hour"
        why = "what it saves frees no machine" if whole else "storage costs what it saves, or more"
        return "" if added < 0 else f"It takes nothing off: {why}."
    if added == 0:
        return (
            "It costs nothing more: machines come whole, and the cheapest fleet of the step before "
            "costs as much."
            if bill.unit == "usd_per_hour"
            else "It costs nothing more."
        )
    if added > 0:
        return ""
    if step.floor_saves:
        return (
            "It costs less than nothing because the floor on speed binds: longer answers leave "
            "more decode steps between two prompts, so that a replica may hold more sequences at "
            "that speed. Without the floor it costs no less than the step before."
        )
    return (
        "It costs less than nothing: longer answers leave more decode steps between two prompts, "
        "or mean sizes fall so that cheaper machines meet the limits."
    )
