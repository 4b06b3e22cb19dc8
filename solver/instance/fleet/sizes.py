"""Request sizes of a workload: one size, a list of classes, or a histogram in a CSV file."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from solver.errors import Fault
from solver.instance.fleet.attachments import Attachments
from solver.instance.fleet.csv_table import CellReader, read_csv_table
from solver.instance.fleet.domain import RequestSize
from solver.instance.fleet.fault_limit import listed
from solver.instance.fleet.workload_records import WorkloadEntry
from solver.instance.lookup import Lookup
from solver.instance.record_types import MAX_TOKENS
from solver.instance.services.fleet_door import service_sizes

__all__ = ["MAX_CLASSES", "request_sizes"]

MAX_CLASSES = 1000
"""More classes than this make every plan a huge routing problem; coarser ones say as much."""
_HISTOGRAM = ("input_tokens", "output_tokens", "weight")
_SYNONYMS = {
    "input": "input_tokens",
    "isl": "input_tokens",
    "prompt_tokens": "input_tokens",
    "output": "output_tokens",
    "osl": "output_tokens",
    "completion_tokens": "output_tokens",
    "count": "weight",
    "share": "weight",
    "requests": "weight",
}
_WAYS = ("input_tokens", "output_tokens", "sizes", "histogram", "service")
_Weighted = list[tuple[int, int, Fraction]]


def request_sizes(
    entry: WorkloadEntry,
    key: str,
    lookup: Lookup,
    attachments: Attachments,
    *,
    caching: bool = False,
) -> tuple[RequestSize, ...] | None:
    """The classes of a workload, shares together exactly 1; ``None`` and faults where unclear.

    Those of a service have prefix hits of their own where the performance model knows them
    (``caching``).
    """
    if entry.service is not None:
        return service_sizes(entry.service.to_domain(), caching=caching)
    plain = entry.input_tokens is not None or entry.output_tokens is not None
    if plain + bool(entry.sizes) + (entry.histogram is not None) != 1:
        if not lookup.has_fault(*(f"{key}.{way}" for way in _WAYS)):
            lookup.fault(
                key,
                "the size of requests is not said in one way",
                "Give input_tokens and output_tokens, or sizes, or a histogram",
            )
        return None
    if plain:
        if entry.input_tokens is None or entry.output_tokens is None:
            missing = "input_tokens" if entry.input_tokens is None else "output_tokens"
            if not lookup.has_fault(f"{key}.{missing}"):
                lookup.fault(f"{key}.{missing}", "is missing", "Give both numbers of tokens")
            return None
        return (RequestSize(entry.input_tokens, entry.output_tokens, Fraction(1)),)
    if entry.histogram is not None:
        return _from_histogram(entry.histogram, f"{key}.histogram", lookup, attachments)
    return _from_list(entry, key, lookup)


def _from_list(entry: WorkloadEntry, key: str, lookup: Lookup) -> tuple[RequestSize, ...] | None:
    weights = [size.weight for size in entry.sizes if size.weight is not None]
    shares = [size.share for size in entry.sizes if size.share is not None]
    before = len(lookup.faults)
    if weights and shares:
        lookup.fault(
            f"{key}.sizes", "some classes have a share, others a weight", "Use one for all"
        )
    elif shares and sum(shares) != 1:
        lookup.fault(
            f"{key}.sizes",
            f"shares add up to {sum(shares)}, not to 1",
            "Correct them, or write weight in place of share to have them scaled",
        )
    places = [(size.input_tokens, size.output_tokens) for size in entry.sizes]
    for tokens_in, tokens_out in dict.fromkeys(p for p in places if places.count(p) > 1):
        lookup.fault(
            f"{key}.sizes",
            f"the class of {tokens_in} in, {tokens_out} out stands twice",
            "Add their shares up into one",
        )
    if len(lookup.faults) > before:
        return None
    return _normalised([(*place, w) for place, w in zip(places, weights or shares, strict=True)])


def _normalised(classes: Iterable[tuple[int, int, Fraction]]) -> tuple[RequestSize, ...]:
    stated = list(classes)
    total = sum((weight for _, _, weight in stated), Fraction(0))
    return tuple(RequestSize(i, o, weight / total) for i, o, weight in stated)


def _from_histogram(
    name: str, key: str, lookup: Lookup, attachments: Attachments
) -> tuple[RequestSize, ...] | None:
    path: Path = attachments.path(name)
    table, faults = read_csv_table(path, needed=_HISTOGRAM, synonyms=_SYNONYMS)
    lookup.faults.extend(faults)
    if table is None:
        return None
    attachments.note(name, table)
    found: dict[tuple[int, int], Fraction] = {}
    more: list[Fault] = []
    for row in table.rows:
        cells = CellReader(table, row, more)
        tokens = [cells.whole(column, most=MAX_TOKENS) for column in _HISTOGRAM[:2]]
        weight = cells.number("weight", needed=True, zero=True)
        for column in _HISTOGRAM[:2]:
            if not cells.text(column):
                cells.fault(column, "the cell is empty", "Give a whole number of tokens")
        if tokens[0] is None or tokens[1] is None or weight is None:
            continue
        place = (tokens[0], tokens[1])
        found[place] = found.get(place, Fraction(0)) + weight
    lookup.faults.extend(listed(more, table.where))
    if faults or more:
        return None
    heavy: _Weighted = [(*place, weight) for place, weight in found.items() if weight]
    if not heavy:
        lookup.fault(key, f"every weight of {table.where} is 0", "Give weights above 0")
        return None
    if len(heavy) > MAX_CLASSES:
        lookup.fault(
            key,
            f"{table.where} has {len(heavy)} classes, more than {MAX_CLASSES}",
            "Round lengths up to fewer classes",
        )
        return None
    return _normalised(heavy)
