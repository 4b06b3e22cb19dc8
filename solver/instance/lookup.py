"""Catalog look-ups of one instance file that gather faults instead of stopping at the first."""

from __future__ import annotations

from pathlib import Path

from solver.catalog import (
    Catalog,
    model_from_config,
    parse_entries,
    read_catalog_file,
    shipped_catalog,
)
from solver.catalog.domain import Accelerator, Model, Price
from solver.errors import Fault, FleetError
from solver.instance.record_types import CatalogKeys, ModelFromConfig
from solver.instance.records import PriceRecord

__all__ = ["Lookup", "merged_catalog"]


class Lookup:
    """Catalog look-ups for one file that gather faults instead of stopping at the first."""

    def __init__(self, catalog: Catalog, where: str, folder: Path) -> None:
        self.catalog = catalog
        self.where = where
        self.folder = folder
        self.faults: list[Fault] = []

    def fault(self, key: str, what: str, mend: str) -> None:
        """Note one thing wrong with ``key`` of the file."""
        self.faults.append(Fault(where=f"{self.where}: {key}", what=what, mend=mend))

    def has_fault(self, *keys: str) -> bool:
        """Whether something is wrong with one of ``keys``, or below it, already.

        A faulty value is left out before the rest is read; that it is absent then is no news.
        """
        places = [f"{self.where}: {key}" for key in keys]
        return any(
            fault.where == place or fault.where.startswith(f"{place}.")
            for fault in self.faults
            for place in places
        )

    def _failed(self, key: str, error: FleetError, *, within: bool = False) -> None:
        """Carry the faults of a look-up over; ``within`` another file they keep its place."""
        self.faults.extend(
            Fault(
                where=f"{self.where}: {key}" + (f": {fault.where}" if within else ""),
                what=fault.what,
                mend=fault.mend,
            )
            for fault in error.faults
        )

    def model(self, key: str, choice: str | ModelFromConfig) -> Model | None:
        """The model that ``key`` names, or ``None`` and a fault."""
        try:
            if isinstance(choice, ModelFromConfig):
                return model_from_config(self.folder / choice.config)
            return self.catalog.model(choice)
        except FleetError as error:
            self._failed(key, error, within=isinstance(choice, ModelFromConfig))
            return None

    def accelerator(self, key: str, name: str) -> Accelerator | None:
        """The accelerator that ``key`` names, or ``None`` and a fault."""
        try:
            return self.catalog.accelerator(name)
        except FleetError as error:
            self._failed(key, error)
            return None

    def price(self, record: PriceRecord, accelerator: Accelerator) -> Price | None:
        """What an hour of ``accelerator`` costs here, or ``None`` and a fault."""
        name = accelerator.name
        stated = record.usd_per_hour
        if isinstance(stated, dict):
            if name not in stated:
                self.fault(
                    "price.usd_per_hour",
                    f"no price for {name!r}",
                    "Add it to the table, or name a tier instead",
                )
                return None
            stated = stated[name]
        if stated is not None:
            return Price(
                accelerator=name,
                tier=record.tier or "stated",
                usd_per_hour=stated,
                as_of=record.as_of,
                source=record.source or "instance file",
            )
        if not self.catalog.prices_of(name):
            self.fault(
                "price",
                f"the catalog has no price for {name!r}",
                "Write usd_per_hour in [price]",
            )
            return None
        try:
            return self.catalog.price(name, record.tier or "on-demand")
        except FleetError as error:
            self._failed("price.tier", error)
            return None


def merged_catalog(record: CatalogKeys, where: str, folder: Path) -> tuple[Catalog, list[Fault]]:
    """The shipped catalog with an instance's files and tables laid over it, and their faults."""
    catalog = shipped_catalog()
    faults: list[Fault] = []
    for position, name in enumerate(record.catalog):
        try:
            catalog = read_catalog_file(folder / name, base=catalog)
        except FleetError as error:
            faults.extend(
                Fault(f"{where}: catalog.{position}: {fault.where}", fault.what, fault.mend)
                for fault in error.faults
            )
    own = {
        "accelerators": record.accelerators,
        "models": record.models,
        "prices": record.prices,
    }
    if any(own.values()):
        catalog, more = parse_entries(
            {key: value for key, value in own.items() if value}, where=where, base=catalog
        )
        faults.extend(more)
    return catalog, faults
