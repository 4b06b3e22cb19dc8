"""The price of a machine from what the user typed, or the question that asks for it.

A price is a number, or a tier of the shipped catalog (``on-demand``). One price is for the only
machine; of several machines each is named: ``h100-pool=2.95,l40s-pool=on-demand``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.catalog.collection import suggestion
from solver.errors import Fault
from solver.importers.devices import KnownDevices
from solver.importers.findings import Answers, Figure, Missing
from solver.importers.prices.cells import date_fault, money
from solver.importers.visible import visible
from solver.instance.fleet.plausible import DEVICE_USD_PER_HOUR, plain

__all__ = ["PriceGiven", "price_keys", "prices_given"]

_FLAG = "--usd-per-hour"
_ON_DEMAND = "on-demand"
_DECIMAL = re.compile(r"\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class PriceGiven:
    """Keys of a machine that state its price; what is still missing of it."""

    keys: Mapping[str, Figure]
    missing: tuple[Missing, ...] = ()


def prices_given(
    machines: Sequence[tuple[str, str | None]],
    answers: Answers,
    known: KnownDevices,
    faults: list[Fault],
) -> dict[str, PriceGiven]:
    """The price of every machine, by name.

    Parameters
    ----------
    machines
        Name and accelerator (``None`` where it is not known) of each.
    faults
        Receives what is wrong with the answers; one price for several machines is.
    """
    texts = _by_machine([name for name, _ in machines], answers.usd_per_hour, known, faults)
    dated = date_fault(answers.as_of, "--as-of") if answers.as_of is not None else None
    faults.extend([dated] if dated and texts else [])
    several = len(machines) > 1
    return {
        name: _given(name, accelerator, texts[name], answers, known, faults)
        if name in texts
        else PriceGiven({}, (_question(name, accelerator, known, several),))
        for name, accelerator in machines
    }


def price_keys(
    text: str, accelerator: str | None, known: KnownDevices, where: str, source: str
) -> tuple[Mapping[str, Figure], Fault | None]:
    """The key of a machine that holds one price, or what is wrong with the text.

    Parameters
    ----------
    text
        A number in US$ per device and hour, or an on-demand tier that the catalog has for the
        accelerator.
    where
        For the fault.
    source
        Of the figure.
    """
    prices = known.catalog.prices_of(accelerator) if accelerator else ()
    # A tier beside a machine is paid on demand, so that none of a longer contract may stand there.
    tiers = [price.tier for price in prices if price.tier.startswith(_ON_DEMAND)]
    if text.strip() in tiers:
        return {"tier": Figure(text.strip(), f"{source}, a price of the catalog")}, None
    found = money(text, where, "US$ per device and hour")
    if found.value is None:
        fault = found.fault
        if tiers and fault is not None:
            offered = ", ".join(tiers)
            fault = Fault(where, fault.what, f"{fault.mend}, or a tier of the catalog: {offered}")
        return {}, fault
    doubt = DEVICE_USD_PER_HOUR.doubt(found.value)
    if doubt is not None:
        return {}, Fault(where, *doubt)
    # Digits stay as they were typed (2.10) where they are a plain number.
    typed = text.strip() if _DECIMAL.fullmatch(text.strip()) else plain(found.value)
    return {"usd_per_hour": Figure(typed, f"{source}, US$ per device and hour")}, None


def _by_machine(
    names: Sequence[str], text: str | None, known: KnownDevices, faults: list[Fault]
) -> dict[str, str]:
    """What was typed for each machine that anything was typed for."""
    if text is None or not names:
        return {}
    parts = text.split(",") if "=" in text.strip().lstrip("=") else []
    if not parts:
        tiers = {tier for _, tier in known.catalog.prices}
        if len(names) == 1 or text.strip() in tiers:
            # A tier is a price list: each machine has its own price in it.
            return dict.fromkeys(names, text)
        faults.append(
            Fault(
                _FLAG,
                f"one price for {len(names)} machines: {', '.join(names)}",
                f"Name each: {_FLAG} '{','.join(f'{name}=2.95' for name in names)}', choose one "
                "with --machine, or import a price list",
            )
        )
        return {}
    found: dict[str, str] = {}
    for part in parts:
        name, _, price = (word.strip() for word in part.partition("="))
        if name not in names:
            mend = suggestion(name, names, what="machines")
            faults.append(Fault(_FLAG, f"there is no machine '{visible(name)}'", mend))
        elif name in found:
            faults.append(Fault(_FLAG, f"'{name}' has two prices", "Give one"))
        else:
            found[name] = price
    return found


def _given(
    name: str,
    accelerator: str | None,
    text: str,
    answers: Answers,
    known: KnownDevices,
    faults: list[Fault],
) -> PriceGiven:
    keys, fault = price_keys(text, accelerator, known, _FLAG, _FLAG)
    if fault is not None:
        faults.append(fault)
    if "usd_per_hour" not in keys:
        # The catalog says when and where its prices were seen.
        return PriceGiven(keys)
    source = answers.price_source or f"given with {_FLAG}"
    keys = {**keys, "source": Figure(source, "--price-source" if answers.price_source else _FLAG)}
    if answers.as_of is not None:
        return PriceGiven(keys | {"as_of": Figure(answers.as_of, "--as-of")})
    question = f"When was the price of {name} seen, as YYYY-MM?"
    return PriceGiven(keys, (Missing(f"machines.{name}.as_of", question, "--as-of", "2026-11"),))


def _question(name: str, accelerator: str | None, known: KnownDevices, several: bool) -> Missing:
    example, offer = "2.95", ""
    prices = known.catalog.prices_of(accelerator) if accelerator is not None else ()
    if prices:
        price = next((one for one in prices if one.tier == _ON_DEMAND), prices[0])
        example = plain(price.usd_per_hour)
        taken = (
            "which is taken if nothing else is said"
            if price.tier == _ON_DEMAND
            else f"which tier = '{price.tier}' takes"
        )
        offer = f" The catalog says {example} ({price.tier}, {price.as_of}), {taken}."
    return Missing(
        key=f"machines.{name}.usd_per_hour",
        question=f"What does one {accelerator or 'device'} of {name} cost in US$ per hour?{offer}",
        flag=f"{_FLAG} {name}=" if several else _FLAG,
        example=example,
    )
