"""Names that tools give to accelerators, as entries of the catalog; their memory as a check.

A name is mapped only where it says exactly one device. ``H100`` alone does not (SXM or PCIe), so it
has no entry here, and whoever reads a file asks.

Sources: the names are those that NVIDIA's driver reports (``nvidia-smi -q``) and that GPU Feature
Discovery copies into ``nvidia.com/gpu.product`` with hyphens for blanks; AMD's node labeller
(``amd.com/gpu.product-name``); and Google Kubernetes Engine (``cloud.google.com/gke-accelerator``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from solver.catalog.collection import suggestion
from solver.catalog.reader import shipped_catalog
from solver.errors import Fault
from solver.importers.visible import visible

__all__ = ["KnownDevices", "machine_name", "product_key"]

_BYTES_PER_MIB = 2**20
_LEAST_SHARE = Fraction(95, 100)
_MOST_SHARE = Fraction(110, 100)
"""Memory that a tool reports over the catalog's GB, from and to.

Vendors sell an 80 GB device of 80 GiB (1.07), and error correction takes a part of GDDR memory (an
L40S of 48 GB reports 46,068 MiB: 1.006). The nearest device of the same name and another size is
1.17 times as large (H100 of 80 and of 94 GB), so a mistaken entry falls outside.
"""

_MAKERS = re.compile(r"^(nvidia|amd|instinct|tesla|geforce)-")
_PRODUCTS: Mapping[str, str] = MappingProxyType(
    {
        "v100-sxm2-32gb": "V100-32GB SXM",
        "v100-sxm3-32gb": "V100-32GB SXM",
        "a100-sxm4-40gb": "A100-40GB SXM",
        "a100-sxm4-80gb": "A100-80GB SXM",
        "a800-sxm4-80gb": "A800-80GB",
        "h100-80gb-hbm3": "H100 SXM",
        "h200": "H200 SXM",
        "h800": "H800 SXM",
        "b200": "B200 SXM",
        "b300-sxm6-ac": "B300 SXM",
        "gb200": "GB200 NVL72",
        "gb300": "GB300 NVL72",
        "rtx-pro-6000-blackwell-server-edition": "RTX PRO 6000",
        "mi300x-oam": "MI300X",
        "mi325-oam": "MI325X",
        "mi325x-oam": "MI325X",
        "mi355x-oam": "MI355X",
        # Google Kubernetes Engine
        "a100": "A100-40GB SXM",
        "a100-80gb": "A100-80GB SXM",
        "h100-80gb": "H100 SXM",
        "h100-mega-80gb": "H100 SXM",
        "h200-141gb": "H200 SXM",
        # what people write in quotes
        "h100-sxm5": "H100 SXM",
        "h100-sxm5-80gb": "H100 SXM",
        "h100-80gb-sxm5": "H100 SXM",
        "h100-80gb-pcie": "H100 PCIe",
        "h100-pcie-80gb": "H100 PCIe",
        "h100-sxm-80gb": "H100 SXM",
        "h200-sxm5": "H200 SXM",
        "h200-sxm-141gb": "H200 SXM",
        "h200-sxm5-141gb": "H200 SXM",
        "h200-141gb-sxm5": "H200 SXM",
        "a100-80gb-sxm4": "A100-80GB SXM",
        "a100-40gb-sxm4": "A100-40GB SXM",
        "a100-sxm-80gb": "A100-80GB SXM",
        "a100-sxm-40gb": "A100-40GB SXM",
        "b200-sxm6": "B200 SXM",
        "b300": "B300 SXM",
    }
)
_OF_GKE_ALONE = frozenset({"a100", "a100-80gb", "h100-80gb"})
"""These say one device where Google's label says them, and several where a quote does."""


def product_key(text: str) -> str:
    """A product's name as the table has it: lower case, one hyphen between words, no maker."""
    key = re.sub(r"[\W_]+", "-", text.casefold()).strip("-")
    while True:
        shorter = _MAKERS.sub("", key)
        if shorter == key:
            return key
        key = shorter


def machine_name(text: str) -> str:
    """A name for a machine from a label: lower case letters, digits and hyphens, at most 63."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:63].strip("-")


class KnownDevices:
    """The shipped catalog's accelerators and those of the instance that is being extended.

    Parameters
    ----------
    existing_tables
        The instance as plain values, or ``None``; its own ``[[accelerators]]`` count as known, but
        only their names: what they extend is for the instance's reader.
    """

    def __init__(self, existing_tables: Mapping[str, Any] | None = None) -> None:
        self.catalog = shipped_catalog()
        own = (existing_tables or {}).get("accelerators", [])
        self.own_entries = [
            entry for entry in (own if isinstance(own, list) else []) if isinstance(entry, Mapping)
        ]
        names = [entry.get("name") for entry in self.own_entries]
        self.names: tuple[str, ...] = tuple(
            dict.fromkeys(
                [
                    *(name for name in self.catalog.accelerators if not name.startswith("epoch/")),
                    *(name for name in names if isinstance(name, str)),
                ]
            )
        )
        self._by_key = {product_key(name): name for name in self.names}

    def named(self, text: str) -> str | None:
        """The accelerator that has this name in the catalog or the instance, in any case."""
        exact = [name for name in (*self.names, *self.catalog.accelerators) if name == text]
        return exact[0] if exact else self._by_key.get(product_key(text))

    def of_product(self, product: str, *, from_gke: bool = False) -> str | None:
        """The accelerator that a tool's product name stands for; ``None`` where it says none."""
        key = product_key(product)
        if key in _OF_GKE_ALONE and not from_gke:
            return self._by_key.get(key)
        return self._by_key.get(key) or _PRODUCTS.get(key)

    def answered(self, text: str, faults: list[Fault]) -> str | None:
        """The accelerator that ``--accelerator`` names; ``None``, and a fault, where none is."""
        given = self.named(text) or self.of_product(text)
        if given is None:
            faults.append(
                Fault(
                    "--accelerator",
                    f"there is no accelerator '{visible(text)}'",
                    suggestion(text, self.names, what="accelerators"),
                )
            )
        return given

    def memory_doubt(self, accelerator: str, mib: int) -> str | None:
        """What is odd about a device of ``mib`` MiB being this accelerator; ``None`` where nothing.

        An accelerator of the instance's own is not checked: its figures are not read here.
        """
        if accelerator not in self.catalog.accelerators:
            return None
        hbm_bytes = self.catalog.accelerators[accelerator].hbm_bytes
        share = Fraction(mib * _BYTES_PER_MIB, hbm_bytes)
        if _LEAST_SHARE <= share <= _MOST_SHARE:
            return None
        return (
            f"reports {mib} MiB of memory, {float(share):.2f} times the "
            f"{float(Fraction(hbm_bytes, 10**9)):g} GB of {accelerator!r} in the catalog "
            f"(from {float(_LEAST_SHARE):.2f} to {float(_MOST_SHARE):.2f} pass)"
        )
