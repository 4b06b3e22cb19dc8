"""What was asked: the facts of a resolved question, in words, for titles and summaries.

The resolved question of a result holds catalog entries whole. They are found by their fields
(what has ``hbm_bytes`` is an accelerator), not by their place, so that every kind of question is
read alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.report.numbers import clean, short
from solver.result import Result

__all__ = ["PriceFact", "Question", "leaves", "money", "question_of", "value_text"]


@dataclass(frozen=True, slots=True)
class PriceFact:
    """One price as the question took it; ``usd_per_hour`` of one device, for people."""

    accelerator: str
    usd_per_hour: float
    tier: str
    as_of: str
    source: str

    @property
    def amount(self) -> str:
        """Dollars an hour, without their sign."""
        return money(self.usd_per_hour)

    def sentence(self) -> str:
        """``US$2.95/h per H100 SXM (on-demand, 2026-05)``."""
        details = ", ".join(text for text in (self.tier, self.as_of) if text)
        amount = f"US${self.amount}/h per {self.accelerator}"
        return f"{amount} ({details})" if details else amount


@dataclass(frozen=True, slots=True)
class Question:
    """The facts of a question that a reader needs before the answer.

    ``precision`` is empty, and ``precision_varies`` true, where designs of several precisions were
    compared. ``limits``, ``rules``, ``space`` and ``performance`` are pairs of what is meant and
    its value.
    """

    name: str
    title: str
    kind: str
    model: str
    draft_model: str
    accelerators: tuple[str, ...]
    context_tokens: int | None
    precision: str
    precision_varies: bool
    prices: tuple[PriceFact, ...]
    limits: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, str], ...]
    space: tuple[tuple[str, str], ...]
    performance: tuple[tuple[str, str], ...]
    performance_model: str

    @property
    def accelerator_varies(self) -> bool:
        """Whether designs on several accelerators were compared."""
        return len(self.accelerators) > 1

    @property
    def subject(self) -> str:
        """``Llama-3.1-70B on H100 SXM``: model and accelerators, or the instance's name."""
        if not self.model:
            return self.name
        if not self.accelerators:
            return self.model
        names = self.accelerators
        told = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return f"{self.model} on {told}"

    @property
    def context(self) -> str:
        """``context 1,000 tokens``, or nothing where the question has none."""
        if self.context_tokens is None:
            return ""
        unit = "token" if self.context_tokens == 1 else "tokens"
        return f"context {self.context_tokens:,} {unit}"

    def circumstances(self) -> list[str]:
        """Draft model, precision, context and prices, each a short phrase."""
        told = [f"drafts by {self.draft_model}"] if self.draft_model else []
        told += [text for text in (self.precision, self.context) if text]
        return told + price_phrases(self.prices)


def money(usd: float) -> str:
    """Dollars with two decimals, or four significant digits where cents do not show them."""
    return short(usd) if usd < 0.1 or round(usd, 2) != round(usd, 6) else f"{usd:,.2f}"


def price_phrases(prices: Sequence[PriceFact]) -> list[str]:
    """Prices in a few words; tier and date are told once where all share them."""
    if len(prices) > 4:
        return [f"{len(prices)} prices"]
    if len(prices) < 2 or len({(price.tier, price.as_of) for price in prices}) > 1:
        return [price.sentence() for price in prices]
    details = ", ".join(text for text in (prices[0].tier, prices[0].as_of) if text)
    amounts = ", ".join(f"{price.accelerator} US${price.amount}/h" for price in prices)
    return [f"{amounts} ({details})" if details else amounts]


def _mappings(tree: Any, key: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every mapping in ``tree``, outermost first, with the key that it is under."""
    if isinstance(tree, Mapping):
        yield key, tree
        for name, item in tree.items():
            yield from _mappings(item, str(name))
    elif isinstance(tree, list | tuple):
        for item in tree:
            # A long list of numbers (every batch size, say) holds no mapping.
            if isinstance(item, int | float | str):
                return
            yield from _mappings(item, key)


def _number(value: Any) -> Fraction | None:
    """``value`` as a fraction; ``None`` where it is not a number or the text of one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return Fraction(value)
    except (ValueError, OverflowError, ZeroDivisionError):
        return None


def value_text(value: Any) -> str:
    """A leaf of the question for people: ranges of whole numbers in short, the rest as it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return _list_text(value)
    if isinstance(value, str) and "/" in value:
        number = _number(value)
        if number is not None:
            return f"{float(number):.6g} ({clean(value)})"
    if isinstance(value, int | float):
        # An int of any length is told whole; only a float is rounded.
        return f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
    return clean(value)


def _list_text(values: Sequence[Any]) -> str:
    """``1..4096``, ``2, 4..64 step 4``, or the items with commas."""
    if not values:
        return "none"
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return clean(", ".join(value_text(value) for value in values))
    runs: list[str] = []
    start = 0
    while start < len(values):
        end = start + 1
        step = values[end] - values[start] if end < len(values) else 0
        while end < len(values) and values[end] - values[end - 1] == step:
            end += 1
        if end - start >= 4 and step > 0:
            tail = "" if step == 1 else f" step {step}"
            runs.append(f"{values[start]}..{values[end - 1]}{tail}")
            start = end
        else:
            runs.append(str(values[start]))
            start += 1
    return clean(", ".join(runs))


def leaves(tree: Any, path: str = "") -> dict[str, Any]:
    """Every leaf of ``tree`` by its dotted path; a list without mappings is one leaf.

    Items of a list of mappings go by their ``name`` or ``accelerator`` where they have one, by
    their position otherwise: adding one accelerator then changes one entry, not all that follow it.
    """
    if isinstance(tree, Mapping):
        found: dict[str, Any] = {}
        for key, item in tree.items():
            found.update(leaves(item, f"{path}.{key}" if path else str(key)))
        return found
    if isinstance(tree, list | tuple) and any(isinstance(item, Mapping) for item in tree):
        found = {}
        for index, item in enumerate(tree):
            label = _label(item) or str(index)
            if any(key.startswith(f"{path}[{label}]") for key in found):
                label = f"{label} {index}"
            found.update(leaves(item, f"{path}[{label}]"))
        return found
    return {path: tree}


def _label(item: Any) -> str:
    """The name of a mapping, or of the accelerator or model in it; empty where it has none."""
    if not isinstance(item, Mapping):
        return ""
    for key in ("name", "accelerator", "model"):
        value = item.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, Mapping) and isinstance(value.get("name"), str):
            return str(value["name"])
    return ""


def _prices(resolved: Mapping[str, Any]) -> Iterator[PriceFact]:
    """Every price in the question: a mapping with an accelerator's name and dollars per hour."""
    for _, entry in _mappings(resolved):
        usd = _number(entry.get("usd_per_hour"))
        if usd is None or not isinstance(entry.get("accelerator"), str):
            continue
        yield PriceFact(
            accelerator=clean(entry["accelerator"]),
            usd_per_hour=float(usd),
            tier=clean(entry.get("tier", "")),
            as_of=clean(entry.get("as_of", "")),
            source=clean(entry.get("source", ""), limit=400),
        )


def _pairs(resolved: Mapping[str, Any], *keys: str) -> tuple[tuple[str, str], ...]:
    """Leaves of the first of ``keys`` that is a table, those without a value left out."""
    for key in keys:
        table = resolved.get(key)
        if isinstance(table, Mapping):
            return tuple(
                (clean(name.replace("_", " ").replace(".", ": ")), value_text(value))
                for name, value in leaves(table).items()
                if value is not None and value not in ([], (), "")
            )
    return ()


def _entry_name(resolved: Mapping[str, Any], *keys: str) -> str:
    """Name of the first of ``keys`` that is an entry, or text standing for one."""
    for key in keys:
        value = resolved.get(key)
        if isinstance(value, str):
            return clean(value)
        if isinstance(value, Mapping) and "name" in value:
            return clean(value["name"])
    return ""


def _offers_several(resolved: Mapping[str, Any], *keys: str) -> bool:
    """Whether the design space leaves a choice of one of ``keys`` (a list, or ``"8, 16"``)."""
    design = resolved.get("design")
    values = [design.get(key) for key in keys] if isinstance(design, Mapping) else []
    return any(
        len(value) > 1
        if isinstance(value, list | tuple)
        else isinstance(value, str) and ("," in value or ".." in value)
        for value in values
    )


def question_of(result: Result) -> Question:
    """Read the question out of ``result.instance``; what it does not hold is left empty."""
    instance = result.instance
    resolved = instance.get("resolved")
    if not isinstance(resolved, Mapping):
        resolved = {}
    workload = resolved.get("workload")
    workload = workload if isinstance(workload, Mapping) else {}
    draft = resolved.get("draft")
    found = dict.fromkeys(
        clean(entry["name"])
        for _, entry in _mappings(resolved)
        if "hbm_bytes" in entry and "name" in entry
    )
    accelerators = tuple(found) or tuple(
        dict.fromkeys(
            clean(p.design["accelerator"]) for p in result.points if "accelerator" in p.design
        )
    )
    context = resolved.get("context_tokens", workload.get("context_tokens"))
    performance = resolved.get("performance")
    model_name = performance.get("model") if isinstance(performance, Mapping) else performance
    # Compared raw, not as text: this runs over every point of a frontier.
    found_widths = {
        (p.design.get("weight_format"), p.design.get("weight_bits"), p.design.get("kv_bits"))
        for p in result.points
    }
    formats = resolved.get("weight_formats")
    precision_varies = (
        len(found_widths) > 1
        or _offers_several(resolved, "weight_bits", "kv_bits")
        or (isinstance(formats, list) and len(formats) > 1)
    )
    precision = "" if precision_varies else _long_precision(result, resolved)
    return Question(
        name=clean(instance.get("name", "")),
        title=clean(resolved.get("title", ""), limit=300),
        kind=clean(instance.get("kind", "")),
        model=_entry_name(resolved, "model") or _entry_name(workload, "model"),
        draft_model=_entry_name(draft, "model") if isinstance(draft, Mapping) else "",
        accelerators=accelerators,
        context_tokens=context if isinstance(context, int) else None,
        precision=precision,
        precision_varies=precision_varies,
        prices=tuple(dict.fromkeys(_prices(resolved))),
        limits=_pairs(resolved, "limits"),
        rules=_pairs(resolved, "rules"),
        space=_pairs(resolved, "design", "space"),
        performance=_pairs(resolved, "performance"),
        performance_model=clean(model_name) if isinstance(model_name, str) else "",
    )


def _long_precision(result: Result, resolved: Mapping[str, Any]) -> str:
    """``8-bit weights, 16-bit KV``: of the first point, or of a space that offers only one."""
    stated = result.points[0].design if result.points else resolved.get("design")
    if not isinstance(stated, Mapping):
        return ""
    told = []
    named = stated.get("weight_format")
    if isinstance(named, str) and named:
        told.append(f"{clean(named)} weights")
    widths = (("kv_bits", "KV"),) if told else (("weight_bits", "weights"), ("kv_bits", "KV"))
    for key, word in widths:
        value = stated.get(key)
        if isinstance(value, list | tuple) and len(value) == 1:
            value = value[0]
        if isinstance(value, int | str) and value:
            told.append(f"{clean(value)}-bit {word}")
    return ", ".join(told)
