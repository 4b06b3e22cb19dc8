"""Kinds of host as they are sold: which accelerator, how many of it in one box.

HGX boards of eight H100, H200 or B200, eight MI300X, trays of four of an NVL72; the 4- and 8-device
boxes of A100 and L40S; and rented boxes of one or four L4 (AWS g6.xlarge, g6.12xlarge), A10G
(g5.xlarge, g5.12xlarge) and V100 (p3.2xlarge, p3.8xlarge). Half a board stands for what a second
tenant left over. Hosts are grouped by the size of model that they are put together for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solver.bench.families.draws import Draws
from solver.bench.families.layout_lists import ModelClass

__all__ = ["BOXES", "PIPELINE_MODELS", "Box", "Offer", "drawn_orbits"]


@dataclass(frozen=True, slots=True)
class Box:
    """One kind of host: ``devices`` of an accelerator of the catalog."""

    accelerator: str
    devices: int

    @property
    def stem(self) -> str:
        """For names: ``a100-40gbx4``."""
        short = self.accelerator.lower().removesuffix(" sxm").replace(" ", "-")
        return f"{short}x{self.devices}"


PIPELINE_MODELS: Mapping[ModelClass, tuple[str, ...]] = {
    "small": ("Phi-4", "Qwen3-8B"),
    "medium": ("Llama-3.1-70B", "Qwen2.5-72B", "Qwen2.5-32B"),
    "large": ("Llama-3.1-405B", "Mistral-Large-2"),
}
"""36 to 40 layers, 64 to 80, and 88 to 126."""

BOXES: Mapping[ModelClass, tuple[Box, ...]] = {
    "small": (
        Box("L4", 1),
        Box("A10G", 1),
        Box("RTX 4090", 1),
        Box("L40S", 1),
        Box("V100-32GB SXM", 1),
        Box("A100-40GB SXM", 1),
    ),
    "medium": (
        Box("L4", 4),
        Box("A10G", 4),
        Box("L40S", 2),
        Box("V100-32GB SXM", 4),
        Box("A100-40GB SXM", 2),
        Box("H100 SXM", 2),
    ),
    "large": (
        Box("L40S", 8),
        Box("A100-40GB SXM", 8),
        Box("A100-80GB SXM", 4),
        Box("H100 SXM", 4),
        Box("H200 SXM", 4),
        Box("MI300X", 4),
        Box("GB200 NVL72", 4),
    ),
}
"""No single host of the first two, and hardly one of the third, holds the larger models."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Hosts alike: the box, the number of its price, the rack they stand in, and how many.

    Hosts of one box with different ``quote`` have prices of their own and so are not alike.
    """

    box: Box
    quote: int
    rack: int
    count: int

    @property
    def machine(self) -> str:
        """Name of the kind of machine, one for each price."""
        return f"{self.box.stem}-{self.quote}"


def drawn_orbits(
    draws: Draws, boxes: tuple[Box, ...], *, hosts: int, kinds: int, racks: int, twins: float
) -> list[Offer]:
    """Hosts in groups of twins, spread over racks.

    Parameters
    ----------
    twins
        From 0, every host has a price of its own, to 1, there are as few groups as kinds.

    Returns
    -------
    list of Offer
        By kind; all ``hosts`` together, every rack used where there are groups enough.

    Raises
    ------
    ValueError
        If there are fewer hosts than kinds.
    """
    if hosts < kinds:
        raise ValueError(f"{hosts} hosts cannot be of {kinds} kinds; lower kinds or raise hosts")
    picked = draws.some_of(boxes, kinds)
    groups = kinds + round((hosts - kinds) * (1 - twins))
    counts = draws.parts(hosts, groups)
    of_kind = [index % kinds for index in range(groups)]
    in_rack = draws.shuffled([index % racks for index in range(groups)])
    quotes = [0] * kinds
    offers = []
    for kind, rack, count in sorted(zip(of_kind, in_rack, counts, strict=True)):
        quotes[kind] += 1
        offers.append(Offer(picked[kind], quotes[kind], rack, count))
    return offers
