"""The catalog on the terminal: lists of accelerators, models and prices, and one entry in full."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from solver.catalog.domain import Accelerator, Model, Price
from solver.catalog.parameters import active_parameter_count, parameter_count
from solver.catalog.power import PowerProfile
from solver.report.numbers import clean, short, with_prefix
from solver.report.question import money
from solver.report.table import fitted_table
from solver.report.terminal import show

__all__ = [
    "accelerator_table",
    "entry_view",
    "model_table",
    "price_table",
    "print_accelerators",
    "print_models",
    "print_prices",
]

_UNITS = (
    # The longest suffix first: "bytes_per_s" also ends in "_s".
    ("_bytes_per_s", "B/s"),
    ("_usd_per_hour", "US$/h"),
    ("flop_per_s", "FLOP/s"),
    ("usd_per_hour", "US$/h"),
    ("_bytes", "B"),
    ("_s", "s"),
    ("_w", "W"),
)
_PROVENANCE = ("source", "as_of", "confidence", "note")


def accelerator_table(
    accelerators: Iterable[Accelerator], *, width: int = 100, ascii_only: bool = False
) -> Table:
    """One row an accelerator: peaks, memory, networks, and the date of the figures."""
    rows = []
    for entry in accelerators:
        rate = {bits: f"{value / 1e12:,.0f}" for bits, value in entry.flop_per_s.items()}
        rows.append(
            [
                clean(entry.name),
                clean(entry.vendor),
                str(entry.year),
                rate.get(16, ""),
                rate.get(8, ""),
                rate.get(4, ""),
                f"{entry.hbm_bytes / 1e9:,.4g}",
                f"{entry.hbm_bytes_per_s / 1e12:,.2f}",
                short(entry.scale_up_bytes_per_s / 1e9, 3),
                f"{entry.node_devices:,}",
                clean(entry.as_of),
            ]
        )
    return fitted_table(
        [
            "accelerator", "vendor", "year", "16-bit\nTFLOP/s", "8-bit\nTFLOP/s", "4-bit\nTFLOP/s",
            "HBM\nGB", "HBM\nTB/s", "scale-up\nGB/s", "node", "as of",
        ],
        rows,
        width=width,
        give_up=[0, 6, 7, 0, 1, 3, 0, 0, 2, 4, 5],
        numeric=[False, False, True, True, True, True, True, True, True, True, False],
        ascii_only=ascii_only,
    )  # fmt: skip


def _attention(model: Model) -> str:
    """Kind of attention in a few words, with its window if it has one."""
    if model.attention == "full":
        grouped = "multi-head" if model.n_kv_heads == model.n_heads else "grouped-query"
        kind = "multi-query" if model.n_kv_heads == 1 < model.n_heads else grouped
    else:
        kind = {"latent": "latent (MLA)", "hybrid-linear": "hybrid linear"}[model.attention]
    if model.sliding_window is not None:
        kind += f", window {model.sliding_window.window:,}"
    return kind


def model_table(models: Iterable[Model], *, width: int = 100, ascii_only: bool = False) -> Table:
    """One row a model: recomputed parameters, layers, attention, experts, native precision."""
    billion = "1e9" if ascii_only else "10⁹"
    rows = []
    for model in models:
        moe = model.moe
        rows.append(
            [
                clean(model.name),
                f"{parameter_count(model) / 1e9:,.1f}",
                f"{active_parameter_count(model) / 1e9:,.1f}",
                str(model.layers),
                f"{model.d_model:,}",
                _attention(model),
                f"{moe.top_k} of {moe.n_experts}" if moe is not None else "",
                str(model.native_weight_bits),
                "" if model.max_context_tokens is None else f"{model.max_context_tokens:,}",
                clean(model.as_of),
            ]
        )
    return fitted_table(
        [
            "model", f"params\n{billion}", f"active\n{billion}", "layers", "width", "attention",
            "experts", "bits", "context\ntokens", "as of",
        ],
        rows,
        width=width,
        give_up=[0, 0, 1, 4, 7, 2, 3, 5, 6, 8],
        numeric=[False, True, True, True, True, False, False, True, True, False],
        ascii_only=ascii_only,
    )  # fmt: skip


def price_table(prices: Iterable[Price], *, width: int = 100, ascii_only: bool = False) -> Table:
    """One row a price: device, tier, dollars an hour, date, source; estimates are marked."""
    rows = [
        [
            clean(price.accelerator),
            clean(price.tier),
            money(float(price.usd_per_hour)),
            "estimate" if price.estimate else "",
            clean(price.as_of),
            clean(price.source),
        ]
        for price in prices
    ]
    return fitted_table(
        ["accelerator", "tier", "US$/h\nper device", "", "as of", "source"],
        rows,
        width=width,
        give_up=[0, 0, 0, 0, 0, 0],
        numeric=[False, False, True, False, False, False],
        folds=frozenset({5}),
        ascii_only=ascii_only,
    )


def _value(name: str, value: Any) -> str:
    """One field with its unit, told by the suffix of its name."""
    if isinstance(value, Fraction):
        return (
            f"US${money(float(value))}/h ({value})" if value.denominator != 1 else f"US${value}/h"
        )
    if isinstance(value, Mapping):
        told = (f"{key}-bit {_value(name, item)}" for key, item in value.items())
        return ", ".join(told)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(clean(item) for item in value)
    if isinstance(value, int | float):
        unit = next((unit for suffix, unit in _UNITS if name.endswith(suffix)), None)
        if unit is not None:
            return with_prefix(float(value), unit)
        if isinstance(value, float):
            return f"{value:,.0f}" if value.is_integer() else short(value)
        # A year is not a count: no thousands separator.
        return str(value) if name == "year" else f"{value:,}"
    return clean(value, limit=1000)


def _fields(entry: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Every field of an entry that says something, nested ones led by their parent's name."""
    pairs = []
    for field in dataclasses.fields(entry):
        value = getattr(entry, field.name)
        if value is None or value in ("", ()):
            continue
        name = f"{prefix}{field.name.rstrip('_').replace('_', ' ')}"
        if isinstance(value, PowerProfile):
            pairs += _power(value)
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            pairs += _fields(value, f"{name}: ")
        else:
            pairs.append((name, _value(field.name, value)))
    return pairs


def _power(profile: PowerProfile) -> list[tuple[str, str]]:
    """Power by phase and the clocks on offer, with their own source."""
    phases = (
        ("idle, context loaded", profile.idle_w),
        ("decoding, bound by HBM", profile.decode_w),
        ("prefill, bound by arithmetic", profile.prefill_w),
        ("memory, of decoding", profile.hbm_w),
    )
    pairs = [(f"power: {phase}", with_prefix(watts, "W")) for phase, watts in phases]
    clocks = profile.clocks
    if clocks is None:
        pairs.append(("power: core clock", "no range at hand"))
    else:
        told = f"{clocks.lowest_mhz:,} to {clocks.highest_mhz:,} MHz in steps of "
        told += f"{float(clocks.step_mhz):g} MHz"
        floor = f"below {clocks.voltage_floor:.0%} of the highest clock"
        pairs += [("power: core clock", told), ("power: voltage falls no further", floor)]
    pairs.append(("power: source", f"{clean(profile.source, limit=1000)} ({clean(profile.as_of)})"))
    if profile.note:
        pairs.append(("power: note", clean(profile.note, limit=1000)))
    return pairs


def entry_view(
    entry: Accelerator | Model | Price, prices: Sequence[Price] = (), *, ascii_only: bool = False
) -> RenderableType:
    """One catalog entry in full: every figure with its unit, then source, date and confidence.

    Parameters
    ----------
    prices
        Prices to show with it, those of an accelerator for example.
    """
    pairs = _fields(entry)
    if isinstance(entry, Model):
        counted = parameter_count(entry), active_parameter_count(entry)
        pairs += [
            ("parameters, recomputed", f"{counted[0]:,}"),
            ("active parameters, recomputed", f"{counted[1]:,}"),
        ]
    origin = [pair for pair in pairs if pair[0].replace(" ", "_") in _PROVENANCE]
    facts = [pair for pair in pairs if pair not in origin]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in [*facts, *origin]:
        grid.add_row(Text(name, style="dim"), Text(value))
    if not prices:
        return grid
    return Group(grid, Text(""), price_table(prices, ascii_only=ascii_only))


def _print(
    entries: Sequence[Accelerator] | Sequence[Model],
    table: Callable[..., Table],
    console: Console,
    *,
    single: bool,
) -> None:
    ascii_only = console.options.ascii_only
    if not single:
        show(console, table(entries, width=console.width, ascii_only=ascii_only))
        return
    for entry in entries:
        show(console, entry_view(entry, ascii_only=ascii_only))


def print_accelerators(
    accelerators: Sequence[Accelerator], console: Console, *, single: bool = False
) -> None:
    """Print ``accelerators`` as a table, or each in full if ``single``."""
    _print(accelerators, accelerator_table, console, single=single)


def print_models(models: Sequence[Model], console: Console, *, single: bool = False) -> None:
    """Print ``models`` as a table, or each in full if ``single``."""
    _print(models, model_table, console, single=single)


def print_prices(prices: Sequence[Price], console: Console) -> None:
    """Print ``prices`` as a table."""
    ascii_only = console.options.ascii_only
    show(console, price_table(prices, width=console.width, ascii_only=ascii_only))
