"""A model's part of a replica question, and of a fleet question.

Facts come from the file and the answers. What a question needs besides are choices: layouts on
offer and the catalog's price. They are marked as choices, and are left out where the instance that
is there has made its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.catalog import Catalog, shipped_catalog
from solver.catalog.domain import Model
from solver.catalog.entries import parse_entries
from solver.catalog.weight_formats import published_format
from solver.errors import CatalogError, Fault, InstanceError
from solver.importers.answering import FLAGS, answered
from solver.importers.devices import KnownDevices
from solver.importers.drafting import plain_name
from solver.importers.findings import Answers, Figure, Missing, Tables
from solver.importers.prices.given import price_keys

__all__ = ["fleet_parts", "note_on_points", "replica_parts"]

_Table = dict[str, Figure | Tables | list[Tables]]
_CHOICE = "a choice: what is on offer; narrow it at will"
_EXAMPLES = {
    "input_tokens": ("How many tokens has a prompt, on average?", "1500"),
    "output_tokens": ("How many tokens has an answer, on average?", "300"),
    "requests_per_s": ("How many requests arrive each second?", "20"),
    "context_tokens": ("How many tokens has the context of a sequence?", "4096"),
}


def replica_parts(
    model: Model, weight_format: Figure, answers: Answers
) -> tuple[Tables, tuple[Missing, ...]]:
    """Workload, design, price and limits of a replica question.

    Raises
    ------
    CatalogError
        If the accelerator that was given is not known.
    """
    existing = answers.existing_tables or {}
    missing: list[Missing] = []
    workload: _Table = {"model": Figure(model.name)}
    lengths = ["input_tokens", "output_tokens"]
    if answers.context_tokens is not None or not any(_given(answers, *lengths)):
        _answer(workload, missing, answers, "workload", "context_tokens")
    if any(_given(answers, *lengths)) or answers.max_ttft_s is not None:
        for field in lengths:
            _answer(workload, missing, answers, "workload", field)
    design: _Table = {}
    price: _Table = {}
    if answers.accelerator is not None:
        catalog = _catalog(existing)
        name = catalog.accelerator(answers.accelerator).name
        design["accelerator"] = Figure(name, "--accelerator")
        price = _price(catalog, name, answers, existing, missing)
    else:
        missing.append(
            Missing("design.accelerator", "On which accelerator?", "--accelerator", "H100 SXM")
        )
        if answers.usd_per_hour is not None:
            price = _stated_price(None, answers, existing)
    design |= _layouts(model, existing, [1, 2, 4, 8, 16], [1, 2, 4])
    design["weight_format"] = weight_format
    tables: _Table = {"workload": workload, "design": design}
    if price:
        tables["price"] = price
    limits = _limits(answers)
    if limits:
        tables["limits"] = limits
    return tables, tuple(missing)


def fleet_parts(
    model: Model, weight_format: Figure, answers: Answers
) -> tuple[Tables, tuple[Missing, ...]]:
    """A workload of a fleet, and the layouts that it may run in.

    Raises
    ------
    InstanceError
        If the fleet's design names formats, or none, in which other workloads would be served
        otherwise than before.
    """
    existing = answers.existing_tables or {}
    _refuse_replica_answers(answers)
    name = _workload_name(model, answers, existing)
    workload: _Table = {"name": Figure(name), "model": Figure(model.name)}
    missing: list[Missing] = []
    for field in ("input_tokens", "output_tokens", "requests_per_s"):
        _answer(workload, missing, answers, f"workloads.{name}", field)
    workload |= _limits(answers)
    design = _layouts(model, existing, [1, 2, 4, 8], [1])
    formats = _fleet_formats(model, weight_format, existing, name)
    if formats is not None:
        design["weight_format"] = formats
    tables: _Table = {"workloads": [workload]}
    if design:
        tables["design"] = design
    return tables, tuple(missing)


def note_on_points(model: Model, answers: Answers) -> tuple[str, ...]:
    """A remark where a workload of a fleet is served by measured points, whatever its model."""
    existing = answers.existing_tables or {}
    name = _workload_name(model, answers, existing)
    measured = [
        entry.get("points")
        for entry in existing.get("workloads", [])
        if isinstance(entry, dict) and entry.get("name") == name and entry.get("points")
    ]
    return tuple(
        f"'{name}' is served by its measured designs ({points}) alone; layouts of [design] are "
        "for workloads without points"
        for points in measured
    )


def _refuse_replica_answers(answers: Answers) -> None:
    """Refuse what only a replica's question holds: it would be lost unseen."""
    faults = [
        Fault(
            FLAGS[field],
            "is not used by a workload of a fleet, whose machines are imported apart",
            "Leave it out, or ask --question replica",
        )
        for field in ("context_tokens", "accelerator", "usd_per_hour", "price_source", "as_of")
        if getattr(answers, field) is not None
    ]
    if faults:
        raise InstanceError.all_of(faults)


def _given(answers: Answers, *fields: str) -> list[bool]:
    return [getattr(answers, field) is not None for field in fields]


def _answer(
    table: _Table, missing: list[Missing], answers: Answers, place: str, field: str
) -> None:
    """Put an answer into the table, or note that it is missing."""
    figure = answered(answers, field)
    if figure is not None:
        table[field] = figure
        return
    question, example = _EXAMPLES[field]
    flag = "--" + field.replace("_", "-")
    missing.append(Missing(f"{place}.{field}", question, flag, example))


def _limits(answers: Answers) -> _Table:
    found = {field: answered(answers, field) for field in ("min_speed_tok_per_s", "max_ttft_s")}
    return {field: figure for field, figure in found.items() if figure is not None}


def _layouts(
    model: Model, existing: Mapping[str, Any], tensor: list[int], pipeline: list[int]
) -> _Table:
    """Layouts on offer, where the instance does not say its own."""
    choices: _Table = {"tensor_parallel": Figure(tensor, _CHOICE)}
    if pipeline != [1]:
        choices["pipeline_parallel"] = Figure(pipeline, _CHOICE)
    if model.moe is not None:
        choices["expert_parallel"] = Figure([1, 2, 4, 8], _CHOICE)
        choices["attention_data_parallel"] = Figure([1, 2, 4, 8], _CHOICE)
    choices["batch"] = Figure("powers of 2 to 256", f'{_CHOICE}; "1..1024" is finer')
    made = existing.get("design")
    return {key: value for key, value in choices.items() if key not in (made or {})}


def _catalog(existing: Mapping[str, Any]) -> Catalog:
    """The shipped catalog with the accelerators and prices of the instance."""
    own = {key: existing[key] for key in ("accelerators", "prices") if key in existing}
    if not own:
        return shipped_catalog()
    catalog, faults = parse_entries(own, where="the instance", base=shipped_catalog())
    if faults:
        raise CatalogError.all_of(faults)
    return catalog


def _price(
    catalog: Catalog,
    accelerator: str,
    answers: Answers,
    existing: Mapping[str, Any],
    missing: list[Missing],
) -> _Table:
    if answers.usd_per_hour is not None:
        return _stated_price(accelerator, answers, existing)
    if existing.get("price"):
        return {}
    if "on-demand" in {price.tier for price in catalog.prices_of(accelerator)}:
        price = catalog.price(accelerator, "on-demand")
        source = f"a choice: the catalog's {_dollars(price.usd_per_hour)} US$/h of {price.as_of}"
        return {"tier": Figure("on-demand", f"{source}; --usd-per-hour states a quote")}
    missing.append(
        Missing(
            "price.usd_per_hour",
            f"What does an hour of one {accelerator} cost in US$?",
            "--usd-per-hour",
            "2.50",
        )
    )
    return {}


def _dollars(value: Any) -> str:
    return f"{float(value):.2f}"


def _stated_price(accelerator: str | None, answers: Answers, existing: Mapping[str, Any]) -> _Table:
    flag = "--usd-per-hour"
    known = KnownDevices(existing)
    found, fault = price_keys(answers.usd_per_hour or "", accelerator, known, flag, flag)
    if fault is not None:
        raise InstanceError.all_of([fault])
    if "tier" in found:
        return dict(found)
    remarks = {
        "as_of": answered(answers, "as_of"),
        "source": answered(answers, "price_source"),
    }
    return {**found, **{key: figure for key, figure in remarks.items() if figure is not None}}


def _workload_name(model: Model, answers: Answers, existing: Mapping[str, Any]) -> str:
    """The name given, or the only workload that waits for this model, or the model's own."""
    given = answers.workload
    if given is not None:
        return given
    waiting = [
        entry["name"]
        for entry in existing.get("workloads", [])
        if isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and (entry.get("model") == model.name or not (entry.get("model") or entry.get("models")))
    ]
    return waiting[0] if len(waiting) == 1 else plain_name(model.name)


def _fleet_formats(
    model: Model, weight_format: Figure, existing: Mapping[str, Any], name: str
) -> Figure | None:
    """The formats to write into the fleet's one design; None where its default is the right one."""
    design = existing.get("design") or {}
    if "weight_format" in design:
        return weight_format
    plain = {16: "bf16", 8: "fp8"}
    usual = published_format(model)
    wanted = weight_format.value
    default = [usual] if usual and usual != "int4" else [plain.get(model.native_weight_bits, "")]
    if wanted == default or "weight_bits" in design:
        return None
    others = [
        entry.get("name")
        for entry in existing.get("workloads", [])
        if isinstance(entry, dict) and entry.get("name") != name and not entry.get("points")
    ]
    if others:
        raise InstanceError.one(
            f"the fleet has one list of formats, and {model.name} needs {wanted}",
            where="design.weight_format",
            mend=f"Write the formats of all workloads into it ({', '.join(map(str, others))} "
            "among them) and import again",
        )
    return weight_format
