"""Owning against renting, in one sentence a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.report.numbers import percent, short

__all__ = ["owning_text"]


def owning_text(machine: str, owning: Mapping[str, Any]) -> str:
    """What both cost an hour, and from which use on owning costs no more."""
    least = owning["least_utilisation"]
    verdict = (
        "owning never costs less"
        if least is None
        else f"owning costs no more from {percent(least)} use on"
    )
    return (
        f"{machine}: owned {short(owning['usd_per_hour'])} US$/h at "
        f"{percent(owning['stated_utilisation'])} use, rented "
        f"{short(owning['rented_usd_per_hour'])}; {verdict} "
        f"({short(owning['watts_per_device'])} W a device)."
    )
