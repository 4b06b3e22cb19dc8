"""Which measured systems may speak for an accelerator: itself, its siblings, or all like it.

Systems are those of the kernel measurements (``MEASURED_SYSTEMS``). An accelerator without
measurements takes a sibling's constants, that is those of a device of the same architecture. One
without siblings takes a mean over the architectures with the same kind of memory: kernels are tuned
to the ratio of arithmetic to bandwidth, and cards with GDDR have much less of the latter. For
collectives the network counts instead: a switch or mesh, or PCIe through the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from solver.catalog.domain import Accelerator
from solver.performance.operators.device import MEASURED_SYSTEMS
from solver.performance.operators.silicon import catalog_namesake

__all__ = ["ARCHITECTURES", "SIBLINGS", "Lineage", "lineage_of", "network_lineage_of"]

ARCHITECTURES: Mapping[str, str] = MappingProxyType(
    {
        "a100_sxm": "Ampere",
        "h100_sxm": "Hopper",
        "h200_sxm": "Hopper",
        "b200_sxm": "Blackwell",
        "b300_sxm": "Blackwell",
        "gb200": "Blackwell",
        "gb300": "Blackwell",
        "l40s": "Ada",
        "rtx_pro_6000_server": "Blackwell RTX",
    }
)
"""Architecture of each measured system; systems of one are near copies of each other."""

SIBLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "A100-40GB SXM": ("a100_sxm",),
        "A800-80GB": ("a100_sxm",),
        "H100 SXM": ("h200_sxm",),
        "H200 SXM": ("h100_sxm",),
        "H100 PCIe": ("h100_sxm", "h200_sxm"),
        "H800 SXM": ("h100_sxm", "h200_sxm"),
        "H20": ("h200_sxm", "h100_sxm"),
        "B200 SXM": ("gb200", "b300_sxm"),
        "B300 SXM": ("b200_sxm", "gb300", "gb200"),
        "GB200 NVL72": ("b200_sxm", "gb300"),
        "GB300 NVL72": ("gb200", "b300_sxm", "b200_sxm"),
        "L4": ("l40s",),
        "RTX 4090": ("l40s",),
        "A10G": ("l40s",),
        "RTX 5090": ("rtx_pro_6000_server", "l40s"),
        "RTX PRO 6000": ("l40s",),
        "L40S": ("rtx_pro_6000_server",),
    }
)
"""Measured systems of the same or the nearest design, nearest first. The multiprocessor of an A10G
is that of Ada without 8-bit floats; GPUs with GDDR stand in for each other alone."""

_CARDS = frozenset({"l40s", "rtx_pro_6000_server"})
"""Measured systems with GDDR, whose devices talk over PCIe through the host."""

_PCIE_SIBLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "H100 PCIe": ("rtx_pro_6000_server", "l40s"),
        "RTX 5090": ("rtx_pro_6000_server", "l40s"),
        "L4": ("l40s", "rtx_pro_6000_server"),
        "RTX 4090": ("l40s", "rtx_pro_6000_server"),
        "A10G": ("l40s", "rtx_pro_6000_server"),
        "RTX PRO 6000": ("l40s",),
        "L40S": ("rtx_pro_6000_server",),
    }
)
"""Accelerators on PCIe -> systems on PCIe, those of the same generation first."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """Whose constants an accelerator may take, in this order.

    Parameters
    ----------
    like
        The catalog's accelerator that it is or is built like; ``None`` where none is near.
    own
        Its own system; ``None`` where it was not measured.
    siblings
        Systems of its design, nearest first.
    others
        Systems to average over, those most like it first: the second list only serves where the
        first has nothing.
    """

    like: str | None
    own: str | None
    siblings: tuple[str, ...]
    others: tuple[tuple[str, ...], tuple[str, ...]]

    def without(self, *systems: str) -> Lineage:
        """The same as if these systems had not been measured."""
        return Lineage(
            like=self.like,
            own=None if self.own in systems else self.own,
            siblings=tuple(s for s in self.siblings if s not in systems),
            others=(
                tuple(s for s in self.others[0] if s not in systems),
                tuple(s for s in self.others[1] if s not in systems),
            ),
        )


def _lineage(
    accelerator: Accelerator, siblings: Mapping[str, tuple[str, ...]], cards: frozenset[str]
) -> Lineage:
    like = catalog_namesake(accelerator)
    own = next((system for system, name in MEASURED_SYSTEMS.items() if name == like), None)
    with_cards = tuple(s for s in ARCHITECTURES if s in _CARDS)
    without = tuple(s for s in ARCHITECTURES if s not in _CARDS)
    return Lineage(
        like=like,
        own=own,
        siblings=siblings.get(like or "", ()),
        others=(with_cards, without) if like in cards else (without, with_cards),
    )


_GDDR = frozenset({"L4", "L40S", "A10G", "RTX 4090", "RTX 5090", "RTX PRO 6000"})


def lineage_of(accelerator: Accelerator) -> Lineage:
    """Whose kernel constants the accelerator may take."""
    return _lineage(accelerator, SIBLINGS, _GDDR)


def network_lineage_of(accelerator: Accelerator) -> Lineage:
    """Whose constants of collectives the accelerator may take."""
    pcie = frozenset(_PCIE_SIBLINGS)
    return _lineage(accelerator, {**SIBLINGS, **_PCIE_SIBLINGS}, pcie)
