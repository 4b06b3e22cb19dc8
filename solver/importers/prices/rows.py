"""One row of a price list as an offer for one device.

A price is of one device or of one instance, and only the name of its column, or a column ``per``,
says which; where a row has several devices and neither says it, the row is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from solver.errors import Fault
from solver.importers.devices import KnownDevices
from solver.importers.instance_types import devices_of_instance
from solver.importers.prices.cells import (
    Term,
    count,
    date_fault,
    formula_fault,
    money,
    number,
    term,
)
from solver.importers.prices.offer import Offer
from solver.importers.visible import visible
from solver.instance.fleet.plausible import DEVICE_USD_PER_HOUR

__all__ = ["PriceRow"]

_MOST_DEVICES = 10**7
_MOST_OF_INSTANCE = 1024

_PRICES = {
    "usd_per_device_hour": ("device", True),
    "usd_per_instance_hour": ("instance", True),
    "price_per_device_hour": ("device", False),
    "price_per_instance_hour": ("instance", False),
    "usd_per_hour": ("", True),
    "price_per_hour": ("", False),
}
"""Column of a price -> what it is of (empty: not said), and whether it says US$."""
_NAME = re.compile(r"[\w .+/()-]{1,80}")
"""As ``EntryName`` of the instance."""
_OWNED = ("depreciation_years", "pue", "usd_per_kwh", "utilisation", "maintenance_per_year")
_PER = {
    **dict.fromkeys(("device", "gpu", "accelerator", "gpu_hour", "device_hour"), "device"),
    **dict.fromkeys(("instance", "node", "vm", "machine", "instance_hour"), "instance"),
}


class PriceRow:
    """Cells of one row on their way to an offer; what cannot be read is noted in ``faults``."""

    def __init__(
        self, place: str, cells: Mapping[str, str], known: KnownDevices, faults: list[Fault]
    ) -> None:
        self.place = place
        self.cells = cells
        self.known = known
        self.faults = faults

    def _text(self, column: str) -> str:
        """A cell that stays text; what a spreadsheet would run is refused."""
        text = self.cells.get(column, "")
        fault = formula_fault(text, f"{self.place}: {column}") if text else None
        if fault is None and len(text) > 200:
            fault = Fault(f"{self.place}: {column}", "is longer than 200 characters", "Shorten it")
        if fault is not None:
            self.faults.append(fault)
            return ""
        return text

    def _fault(self, column: str, what: str, mend: str) -> None:
        self.faults.append(Fault(f"{self.place}: {column}", what, mend))

    def offer(self) -> Offer | None:
        """The row as an offer; ``None`` where it has a fault."""
        before = len(self.faults)
        instance = self._text("instance")
        of_type = devices_of_instance(instance) if instance else None
        devices = self._devices(of_type)
        accelerator = self._accelerator(of_type)
        found = self._term()
        usd_per_hour = self._usd_per_hour(devices)
        purchase_usd = self._purchase()
        stock = self._stock()
        as_of = self._text("as_of")
        aged = date_fault(as_of, f"{self.place}: as_of") if as_of else None
        self.faults.extend([aged] if aged else [])
        owned = dict(self._owned())
        if found is not None and len(self.faults) == before:
            self._check(found, usd_per_hour, purchase_usd, owned)
        machine, provider, source = map(self._text, ("machine", "provider", "source"))
        if machine and not _NAME.fullmatch(machine):
            self._fault(
                "machine",
                f"'{visible(machine)}' is no name of a machine",
                "Write letters, digits, blanks and . + / ( ) -, at most 80",
            )
        label = instance or self._text("accelerator") or machine
        if len(self.faults) > before or found is None:
            return None
        return Offer(
            place=self.place,
            label=label,
            machine=machine,
            accelerator=accelerator,
            devices=devices,
            term=found,
            usd_per_hour=usd_per_hour,
            purchase_usd=purchase_usd,
            owned=owned,
            stock_devices=stock,
            provider=provider,
            as_of=as_of,
            source=source,
        )

    def _devices(self, of_type: tuple[str, int] | None) -> int | None:
        text = self.cells.get("devices", "")
        if not text:
            return of_type[1] if of_type else None
        devices, fault = count(text, f"{self.place}: devices", most=_MOST_OF_INSTANCE, least=1)
        self.faults.extend([fault] if fault else [])
        if devices is not None and of_type is not None and devices != of_type[1]:
            self._fault(
                "devices",
                f"{devices} devices, and the instance type has {of_type[1]}",
                "Correct the number or the type",
            )
        return devices

    def _accelerator(self, of_type: tuple[str, int] | None) -> str:
        """The catalog's name; empty where only the machine is named."""
        named = self._text("accelerator")
        memory = self.cells.get("memory_gb", "")
        found = self.known.named(named) or self.known.of_product(named) if named else None
        if named and found is None and re.fullmatch(r"\d{1,4}", memory, re.ASCII):
            found = self.known.of_product(f"{named} {memory}GB")
        if found is None and not named and of_type is not None:
            found = of_type[0]
        if found is not None and of_type is not None and found != of_type[0]:
            self._fault(
                "accelerator",
                f"'{found}', and the instance type has '{of_type[0]}'",
                "Correct the device or the type",
            )
        if found is None and (named or not self.cells.get("machine")):
            shown = named or self.cells.get("instance", "")
            self._fault(
                "accelerator" if named else "instance",
                f"'{visible(shown)}' is not one device of the catalog",
                "Write a name of 'fleetfront catalog accelerators', such as H100 SXM or H100 PCIe",
            )
        return found or ""

    def _term(self) -> Term | None:
        text = self._text("contract")
        found = term(text) if text else None
        if found is None:
            self._fault(
                "contract",
                f"'{visible(text)}' is no kind of contract" if text else "is empty",
                "Write on_demand, spot, reserved (with its length: reserved-3y) or owned",
            )
        return found

    def _usd_per_hour(self, devices: int | None) -> Fraction | None:
        stated = [column for column in _PRICES if self.cells.get(column)]
        values = [(column, self._of_device(column, devices)) for column in stated]
        found = {value for _, value in values if value is not None}
        if len(found) > 1:
            self._fault(
                " and ".join(stated),
                "the two prices are not the same for one device",
                "Keep one of them, or correct the number of devices",
            )
        value = next(iter(found), None)
        doubt = DEVICE_USD_PER_HOUR.doubt(value) if value is not None else None
        if doubt is not None:
            self._fault(stated[0], *doubt)
        return value

    def _of_device(self, column: str, devices: int | None) -> Fraction | None:
        per, says_dollars = _PRICES[column]
        currency = self.cells.get("currency", "").upper().replace("US$", "USD")
        if currency not in ("", "USD", "$"):
            self._fault(
                "currency",
                f"'{visible(currency)}' is not US$",
                "Convert the price, write USD, and state the rate and its day in the column source",
            )
            return None
        found = money(self.cells[column], f"{self.place}: {column}", "US$ per hour")
        if found.value is None:
            self.faults.extend([found.fault] if found.fault else [])
            return None
        if not (says_dollars or currency or found.dollars):
            self._fault(
                column,
                f"'{visible(self.cells[column])}' does not say its currency",
                "Name the column usd_per_device_hour, or add a column currency",
            )
            return None
        per = per or self._per(column, devices)
        if per == "instance" and devices is None:
            self._fault(
                column,
                "is the price of an instance, and nothing says how many devices it has",
                "Add a column gpus_per_instance",
            )
            return None
        if not per:
            return None
        return found.value / devices if per == "instance" and devices else found.value

    def _per(self, column: str, devices: int | None) -> str:
        """What a price is of whose column does not say so: ``device`` or ``instance``."""
        text = self._text("per")
        key = re.sub(r"[\W_]+", "_", text.casefold().removeprefix("per ")).strip("_")
        if text and key not in _PER:
            self._fault("per", f"'{visible(text)}' is not read", "Write device or instance")
            return ""
        if text:
            return _PER[key]
        if devices is not None and devices > 1:
            self._fault(
                column,
                f"is the price of one device or of all {devices}, and nothing says which",
                "Name the column usd_per_device_hour or usd_per_instance_hour",
            )
            return ""
        return "device"

    def _purchase(self) -> Fraction | None:
        text = self.cells.get("purchase_usd", "")
        if not text:
            return None
        found = money(text, f"{self.place}: purchase_usd", "US$ for one device")
        self.faults.extend([found.fault] if found.fault else [])
        return found.value

    def _stock(self) -> int | None:
        text = self.cells.get("stock_devices", "")
        if not text:
            return None
        stock, fault = count(text, f"{self.place}: stock_devices", most=_MOST_DEVICES)
        self.faults.extend([fault] if fault else [])
        return stock

    def _owned(self) -> Iterator[tuple[str, Fraction]]:
        for column in _OWNED:
            text = self.cells.get(column, "")
            if text:
                value, fault = number(text, f"{self.place}: {column}", "a decimal number")
                self.faults.extend([fault] if fault else [])
                if value is not None:
                    yield column, value

    def _check(
        self,
        found: Term,
        usd_per_hour: Fraction | None,
        purchase_usd: Fraction | None,
        owned: Mapping[str, Fraction],
    ) -> None:
        """Whether the row has the price that its contract needs, and no other."""
        if found.kind == "owned":
            if purchase_usd is None or "depreciation_years" not in owned or usd_per_hour:
                self._fault(
                    "contract",
                    "what is owned has a purchase price and a time over which it is written off",
                    "Fill in purchase_usd (of one device) and depreciation_years, no hourly price",
                )
        elif usd_per_hour is None:
            self._fault("contract", f"no hourly price for {found.kind}", "Fill in a price")
        elif purchase_usd is not None or owned:
            self._fault(
                "contract",
                f"{found.kind} is rented, and the row has figures of what is owned",
                "Write owned, or leave those cells empty",
            )
