"""The price of a machine from what the user typed, or the question that asks for it.

A price of the shipped catalog is named in the question and never taken unasked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.errors import Fault
from solver.importers.devices import KnownDevices
from solver.importers.findings import Answers, Figure, Missing
from solver.importers.prices.cells import date_fault, money
from solver.instance.fleet.plausible import DEVICE_USD_PER_HOUR, plain

__all__ = ["PriceGiven", "prices_given"]

_FLAG = "--usd-per-hour"
_ON_DEMAND = "on-demand"


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
    if answers.usd_per_hour is None:
        several = len(machines) > 1
        return {
            name: PriceGiven({}, (_question(name, accelerator, known, several),))
            for name, accelerator in machines
        }
    if len(machines) > 1:
        names = [name for name, _ in machines]
        faults.append(
            Fault(
                _FLAG,
                f"one price for {len(names)} machines: {', '.join(names)}",
                f"Choose one with --machine {names[0]} and add the others with --add, or import a "
                "price list",
            )
        )
        return {name: PriceGiven({}) for name in names}
    (name, _), *_ = machines
    return {name: _given(name, answers.usd_per_hour, answers, faults)}


def _given(name: str, text: str, answers: Answers, faults: list[Fault]) -> PriceGiven:
    found = money(text, _FLAG, "US$ per device and hour")
    doubt = DEVICE_USD_PER_HOUR.doubt(found.value) if found.value is not None else None
    aged = date_fault(answers.as_of, "--as-of") if answers.as_of is not None else None
    faults.extend(fault for fault in (found.fault, aged) if fault is not None)
    if doubt is not None:
        faults.append(Fault(_FLAG, *doubt))
    if found.value is None:
        return PriceGiven({})
    source = answers.price_source or f"given with {_FLAG}"
    keys = {
        "usd_per_hour": Figure(plain(found.value), f"{_FLAG}, US$ per device and hour"),
        "source": Figure(source, "--price-source" if answers.price_source else _FLAG),
    }
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
        offer = (
            f" The catalog says {example} of {price.as_of}; "
            f"the line tier = '{price.tier}' takes that"
        )
    return Missing(
        key=f"machines.{name}.usd_per_hour",
        question=f"What does one {accelerator or 'device'} of {name} cost in US$ per hour?{offer}",
        flag=f"--machine {name} {_FLAG}" if several else _FLAG,
        example=example,
    )
