"""What ``fleetfront show`` prints of an economic question, before it is solved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from rich.console import Console
from rich.text import Text

from solver.instance.domain import Machine, ReplicaInstance
from solver.instance.energy import EnergyTerms, HourProfile
from solver.instance.quality import QualityPenalty, ServedModel
from solver.instance.ranges import format_integers
from solver.report.economy_facts import plain
from solver.report.findings import count_of
from solver.report.model_error import error_sentence
from solver.report.numbers import clean
from solver.report.table import fitted_table
from solver.sweep.economy.survey import EconomySurvey

__all__ = ["penalty_name", "print_economy_survey"]

_LIMIT_TITLES = {
    "hbm": "HBM",
    "min_speed": "speed, at least",
    "max_cost": "cost, at most",
    "max_devices": "devices, at most",
    "max_usd_per_hour": "price of a replica, at most",
    "max_tok_per_s": "tokens/s of a replica, at most",
    "max_ttft": "time to the first token, at most",
    "max_j_per_token": "energy of a token, at most",
    "max_watts": "power of a replica, at most",
    "max_g_co2_per_mtok": "CO2 of a million tokens, at most",
    "min_quality": "quality, at least",
}
_SENSE = {"speed": "most", "quality": "best", "cost": "least", "energy": "least", "power": "least"}


def print_economy_survey(found: EconomySurvey, console: Console) -> None:
    """Print a survey; a candidate may be refused by several limits."""
    instance = found.instance
    console.print(Text(clean(instance.title, limit=300), style="bold"))
    traded = ", ".join(f"{_SENSE[name]} {name}" for name in instance.trade_off)
    console.print(Text(f"traded off: {traded}"))
    for name, value in _question(instance):
        console.print(Text.assemble((f"{name}: ", "bold"), value))
    error = error_sentence(found.model_error)
    if error:
        console.print(Text(error))
    _models(found, console)
    _powers(instance, console)
    _limits(found, console)
    console.print()
    console.print(
        Text(f"{found.feasible:,} candidates meet every limit; {found.points:,} are nondominated")
    )
    for kind, lines in (("note", found.notes), ("warning", instance.warnings)):
        for line in lines:
            console.print(Text(f"{kind}: {line}", style="yellow"), soft_wrap=True)


def _question(instance: ReplicaInstance) -> Iterator[tuple[str, str]]:
    """Context, machines, choices and terms, a line each."""
    yield "context", f"{instance.context_tokens:,} tokens"
    traffic = instance.traffic
    if traffic is not None:
        cached = f", {float(traffic.prefix_hit):.3g} of it cached" if traffic.prefix_hit else ""
        yield (
            "requests",
            f"{traffic.input_tokens:,} tokens in{cached}, {traffic.output_tokens:,} out",
        )
    for machine, clocks in _by_accelerator(instance).values():
        price = machine.price
        dated = f", {price.as_of}" if price.as_of else ""
        yield (
            "machine",
            f"{machine.accelerator.name} at US${float(price.usd_per_hour):.4g}/h "
            f"({price.tier}{dated})" + (f"; clocks {_clocks(clocks)} MHz" if clocks else ""),
        )
    design = instance.design
    for title, values in (
        ("tensor parallel", design.tensor_parallel),
        ("tensor parallel 2D", design.tensor_parallel_2d),
        ("pipeline stages", design.pipeline_parallel),
        ("expert parallel", design.expert_parallel),
        ("attention data parallel", design.attention_data_parallel),
        ("batch", design.batch),
        ("weight bits", design.weight_bits),
        ("KV and activation bits", design.kv_bits),
    ):
        if values and values != (1,):
            yield title, format_integers(values)
    if instance.weight_formats:
        yield "weight formats", ", ".join(instance.weight_formats)
    if instance.draft is not None:
        draft = instance.draft
        # The question names the layer of its first model only, and each has its own.
        own = draft.own_layer and len(instance.alternatives) > 1
        drafter = "prediction layer of each model" if own else draft.model.name
        yield (
            "draft",
            f"{drafter}, {format_integers(draft.tokens)} tokens, accepted "
            f"{float(draft.acceptance):.3g}",
        )
    yield "performance model", instance.performance.model
    if instance.energy is not None:
        yield "energy", "; ".join(_energy(instance.energy))


def _by_accelerator(instance: ReplicaInstance) -> dict[str, tuple[Machine, tuple[int, ...]]]:
    """One machine of each accelerator, with all clocks on offer, lowest first."""
    found: dict[str, tuple[Machine, tuple[int, ...]]] = {}
    for machine in instance.machines:
        name = machine.accelerator.name
        first, clocks = found.get(name, (machine, ()))
        if machine.clock_mhz is not None:
            clocks = tuple(sorted({*clocks, machine.clock_mhz}))
        found[name] = first, clocks
    return found


def _clocks(clocks: tuple[int, ...]) -> str:
    return (
        format_integers(clocks)
        if len(clocks) < 7
        else f"{clocks[0]} to {clocks[-1]} ({len(clocks)})"
    )


def _profile(profile: HourProfile, before: str, unit: str) -> str:
    """``US$0.08/kWh``, or the mean of the hours and what they span."""
    if len(profile.values) == 1:
        return f"{before}{plain(float(profile.values[0]))}{unit}"
    low, high = float(min(profile.values)), float(max(profile.values))
    mean = f"{before}{plain(float(f'{float(profile.mean):.4g}'))}{unit}"
    return f"{mean} (mean of {len(profile.values)} hours, {plain(low)} to {plain(high)})"


def _energy(terms: EnergyTerms) -> list[str]:
    told = []
    if terms.usd_per_kwh is not None:
        how = "billed beside the price" if terms.billed else "held in the price"
        told.append(f"{_profile(terms.usd_per_kwh, 'US$', '/kWh')}, {how}")
    if terms.g_co2_per_kwh is not None:
        told.append(_profile(terms.g_co2_per_kwh, "", " g CO2/kWh"))
    told.append(f"PUE {plain(float(terms.pue))}")
    if terms.host_w_per_device is not None:
        told.append(f"host {plain(float(terms.host_w_per_device))} W a device")
    if terms.source:
        told.append(f"source: {clean(terms.source, limit=200)}")
    return told


def penalty_name(entry: QualityPenalty) -> str:
    """``fp8 of Llama-3.1-8B``: what a penalty is taken for."""
    told = [
        entry.weight_format or "",
        "" if entry.weight_bits is None else f"W{entry.weight_bits}",
        "" if entry.kv_bits is None else f"KV{entry.kv_bits}",
    ]
    precision = " ".join(part for part in told if part)
    return f"{precision} of {entry.model}" if entry.model else precision


def _models(found: EconomySurvey, console: Console) -> None:
    """Models with their scores and candidates, then penalties, each with its source."""
    instance = found.instance
    sizes = {size.model: size for size in found.models}
    served = instance.alternatives or (ServedModel(instance.model),)
    rows = []
    for entry in served:
        size = sizes.get(entry.model.name)
        rows.append(
            [
                clean(entry.model.name),
                _score(entry.quality),
                "0" if size is None else f"{size.stated:,}",
                "0" if size is None else f"{size.deployable:,}",
                clean(entry.source, limit=200),
            ]
        )
    rows += [
        [
            penalty_name(entry),
            f"-{plain(float(entry.points))}",
            "",
            "",
            clean(entry.source, limit=200),
        ]
        for entry in instance.penalties
    ]
    headers = [
        "model or\nprecision",
        "score",
        "candidates\nnamed",
        "candidates\ndeployable",
        "source",
    ]
    # A question without scores has neither them nor their sources to show.
    kept = [k for k in range(len(headers)) if any(row[k] for row in rows)]
    console.print()
    console.print(
        fitted_table(
            [headers[k] for k in kept],
            [[row[k] for k in kept] for row in rows],
            width=console.width,
            give_up=[2 if k == 2 else 0 for k in kept],
            numeric=[k in (1, 2, 3) for k in kept],
            folds=frozenset(place for place, k in enumerate(kept) if k in (0, 4)),
            ascii_only=console.options.ascii_only,
        )
    )
    for refusal in found.refusals:
        console.print(
            Text(
                f"refused: {refusal.reason} (such as {refusal.example}), "
                f"{count_of(refusal.candidates, 'candidate')}"
            )
        )


def _score(quality: Fraction | None) -> str:
    return "" if quality is None else plain(float(quality))


def _powers(instance: ReplicaInstance, console: Console) -> None:
    """Power by phase of each board, and how far it reaches down in clock."""
    rows = []
    for name, (machine, _) in _by_accelerator(instance).items():
        power = machine.accelerator.power
        if power is None:
            rows.append([clean(name), "", "", "", "", "not known"])
            continue
        clocks = power.clocks
        reach = "" if clocks is None else f"{clocks.lowest_mhz:,} to {clocks.highest_mhz:,}"
        source = clean(f"{power.source} ({power.as_of})", limit=200)
        watts = (plain(watt) for watt in (power.idle_w, power.decode_w, power.prefill_w))
        rows.append([clean(name), *watts, reach, source])
    console.print()
    console.print(
        fitted_table(
            ["board", "idle\nW", "decode\nW", "prefill\nW", "clocks\nMHz", "source"],
            rows,
            width=console.width,
            give_up=[0] * 6,
            numeric=[False, True, True, True, True, False],
            folds=frozenset({0, 5}),
            ascii_only=console.options.ascii_only,
        )
    )


def _limits(found: EconomySurvey, console: Console) -> None:
    titles: Mapping[str, str] = _LIMIT_TITLES
    rows = [
        [
            titles.get(limit.name, limit.name),
            f"{limit.value} {limit.unit}",
            f"{limit.refused:,}",
            "yes: without it the frontier changes" if limit.binds else "no",
        ]
        for limit in found.limits
    ]
    console.print()
    console.print(
        fitted_table(
            ["limit", "value", "candidates\nrefused", "binds"],
            rows,
            width=console.width,
            give_up=[0] * 4,
            numeric=[False, True, True, False],
            folds=frozenset({0, 3}),
            ascii_only=console.options.ascii_only,
        )
    )
