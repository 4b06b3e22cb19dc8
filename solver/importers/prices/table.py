"""A price list as CSV: rows below a header of columns by the names people give them."""

from __future__ import annotations

import csv
from pathlib import Path

from solver.errors import Fault, InstanceError
from solver.importers.devices import KnownDevices
from solver.importers.prices.columns import EXAMPLE_HEADER, columns_of, rows_of
from solver.importers.prices.offer import Offer
from solver.importers.prices.rows import PriceRow
from solver.importers.safe_reading import read_text
from solver.importers.visible import visible
from solver.instance.fleet.fault_limit import listed

__all__ = ["read_price_table"]

MAX_BYTES = 10_000_000
WHAT = "a price list as CSV"


def read_price_table(path: Path, known: KnownDevices) -> tuple[list[Offer], list[str]]:
    """The offers of a list, and the columns that are not read.

    Raises
    ------
    InstanceError
        With every fault: no CSV, no column of a device or of a price, prices in another currency or
        that can be read in two ways, formulas, unknown devices and contracts.
    """
    where = visible(str(path), 200)
    file = visible(path.name, 80)
    text = read_text(path, what=WHAT, max_bytes=MAX_BYTES)
    try:
        header, rows = rows_of(text, where, file)
    except csv.Error as error:
        raise InstanceError.one(
            f"is not a CSV file ({visible(str(error))})",
            where=where,
            mend="Close every quoted cell",
        ) from error
    columns = columns_of(header, where)
    faults: list[Fault] = []
    offers = []
    for place, cells in rows:
        if len(cells) != len(header):
            faults.append(
                Fault(
                    place,
                    f"{len(cells)} cells under {len(header)} columns",
                    "Give one cell for each column; a cell with a comma goes in quotes",
                )
            )
            continue
        named = {columns[i]: cell.strip() for i, cell in enumerate(cells) if i in columns}
        offer = PriceRow(place, named, known, faults).offer()
        if offer is not None:
            offers.append(offer)
    if not rows:
        faults.append(Fault(where, "holds no price", f"Give rows below a header: {EXAMPLE_HEADER}"))
    if faults:
        raise InstanceError.all_of(listed(faults, where))
    return offers, [visible(name) for i, name in enumerate(header) if i not in columns and name]
