"""Classes of links as clusters have them, and how hosts are written.

Bandwidths are those the products are named after: InfiniBand NDR 400 Gbit/s, RoCE over 200 and 100
Gbit/s Ethernet, and 25 Gbit/s Ethernet; a leased WAN line has 1 to 100 Gbit/s. Latencies of a hop
are round figures of ours: about a microsecond for a switch of InfiniBand, a few for RoCE, ten and
more for TCP over Ethernet. Fibre takes 5 microseconds a kilometre.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LINK_CLASSES", "LinkClass", "link_class"]


@dataclass(frozen=True, slots=True)
class LinkClass:
    """One class of cable between a host and its leaf.

    Parameters
    ----------
    gbit_per_s, latency_us
        Of one host's cable, each way.
    trunk_gbit_per_s
        Of what joins two leaves.
    """

    name: str
    gbit_per_s: int
    latency_us: int
    trunk_gbit_per_s: int

    @property
    def wire(self) -> dict[str, object]:
        """Keys of a host's cable in a question."""
        return {"gbit_per_s": self.gbit_per_s, "latency_us": self.latency_us}

    @property
    def trunk(self) -> dict[str, object]:
        """Keys of a cable between leaves."""
        return {"gbit_per_s": self.trunk_gbit_per_s, "latency_us": self.latency_us}


LINK_CLASSES: tuple[LinkClass, ...] = (
    LinkClass("infiniband-ndr", 400, 1, 1600),
    LinkClass("roce-200", 200, 3, 800),
    LinkClass("roce-100", 100, 5, 400),
    LinkClass("ethernet-25", 25, 15, 100),
)


def link_class(name: str) -> LinkClass:
    """The class of this name.

    Raises
    ------
    ValueError
        If there is none.
    """
    for one in LINK_CLASSES:
        if one.name == name:
            return one
    raise ValueError(
        f"no class of links is called {name!r}; there are "
        + ", ".join(one.name for one in LINK_CLASSES)
    )
