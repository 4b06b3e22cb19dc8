"""What owned machines cost to have: purchase, years, upkeep, with a live price of an hour.

The formula is that of the lowering: capital over the hours that are put to use, upkeep over all
hours; electricity follows use and is a line of its own in a bill.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.report.numbers import clean
from solver.report.workbook.sheet import Formula, Sheet
from solver.report.workbook.values import Cell, Column, exactly

__all__ = ["Owned", "owned_of", "write_owned"]

Resolved = Mapping[str, Any]
_HOURS_A_YEAR = 8760
_COLUMNS = (
    Column("machine", form="text"),
    Column("contract", form="text"),
    Column("to buy one", "US$", form="money"),
    Column("written off over", "years"),
    Column("put to use", "share of the hours", form="share"),
    Column("upkeep", "share of the price a year", form="share"),
    Column("to have one", "US$/h"),
)
_BUY, _HAVE = "C", "G"


@dataclass(frozen=True, slots=True)
class Owned:
    """The terms of one contract of owned machines, as the question states them."""

    machine: str
    contract: str
    purchase_usd: Fraction
    depreciation_years: Fraction
    utilisation: Fraction
    maintenance_per_year: Fraction

    @property
    def usd_per_hour(self) -> Fraction:
        """What having one device costs an hour, its electricity apart."""
        hours = self.depreciation_years * _HOURS_A_YEAR * self.utilisation
        upkeep = self.purchase_usd * self.maintenance_per_year / _HOURS_A_YEAR
        return self.purchase_usd / hours + upkeep


def owned_of(resolved: Resolved) -> dict[tuple[str, str], Owned]:
    """Owned contracts of the machines of a question, by the names of machine and contract."""
    found = {}
    for machine in resolved.get("machines") or ():
        for contract in machine.get("contracts") or ():
            terms = contract.get("ownership")
            if not isinstance(terms, Mapping):
                continue
            figures = [
                exactly(terms.get(key))
                for key in (
                    "purchase_usd", "depreciation_years", "utilisation", "maintenance_per_year"
                )
            ]  # fmt: skip
            price, years, used, upkeep = figures
            if price is None or upkeep is None or not years or not used:
                continue
            found[str(machine["name"]), str(contract["name"])] = Owned(
                clean(machine["name"]), clean(contract["name"]), price, years, used, upkeep,
            )  # fmt: skip
    return found


def write_owned(
    sheet: Sheet, owned: Mapping[tuple[str, str], Owned], *, year: str
) -> dict[tuple[str, str], tuple[str, str]]:
    """The table; the cells of purchase price and hourly price of each contract are returned.

    Parameters
    ----------
    year
        Cell of the hours in a year.
    """
    if not owned:
        return {}
    sheet.heading("What owned machines cost to have")
    sheet.line(
        "Electricity follows use: it is a line of its own in the bills below, which name sources."
    )
    first = sheet.row + 2
    rows: list[list[Cell | Formula]] = []
    cells = {}
    for row, (key, terms) in enumerate(owned.items(), first):
        capital = f"{_BUY}{row}/(D{row}*{year}*E{row})"
        rows.append(
            [
                terms.machine, terms.contract, terms.purchase_usd, terms.depreciation_years,
                terms.utilisation, terms.maintenance_per_year,
                Formula(f"={capital}+{_BUY}{row}*F{row}/{year}", terms.usd_per_hour),
            ]
        )  # fmt: skip
        cells[key] = (f"${_BUY}${row}", f"${_HAVE}${row}")
    sheet.table(_COLUMNS, rows)
    return cells
