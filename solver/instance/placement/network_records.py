"""The network of a placement file as pydantic sees it: inline tables, files, builders, wires."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from solver.instance.record_types import (
    EntryName,
    Exact,
    Flag,
    Positive,
    Record,
    Whole,
    table_or_value,
)
from solver.topology import SwitchKind

__all__ = [
    "MAX_HOSTS",
    "BuilderKeys",
    "BuilderName",
    "FarWire",
    "HostsRecord",
    "LinksRecord",
    "RegionRecord",
    "RoundingRecord",
    "RowRecord",
    "SwitchesRecord",
    "TopologyRecord",
    "WireKeys",
]

MAX_HOSTS = 10_000
"""Hosts of one network; paths between all pairs of more would not be computed in a day."""
_HOST_LIST = "as Slurm writes them: 'rack1-[0-3],spare'"
_Count = Annotated[Whole, Field(gt=0, le=MAX_HOSTS)]
_Delay = Annotated[Exact, Field(ge=0)]
_Text = Annotated[str, Field(min_length=1)]
BuilderName = Literal[
    "dgx_pod",
    "rail_optimised",
    "fat_tree",
    "nvl72_racks",
    "heterogeneous_rows",
    "regions_over_wan",
]
PcieCode = Literal["PIX", "PXB", "PHB", "NODE", "SYS"]
MachineByHost = Annotated[
    Annotated[_Text, Tag("<value>")] | Annotated[dict[str, _Text], Tag("<table>")],
    Discriminator(table_or_value),
]


class WireKeys(Record):
    """Figures of a wire: one bandwidth and one latency, in the unit that the key names.

    A bandwidth that makes no whole number of bytes/s is rounded down, a latency that makes no
    whole picosecond up.
    """

    gbit_per_s: Positive | None = Field(
        default=None, description="Bandwidth each way, gigabits/s; a link is full duplex."
    )
    gb_per_s: Positive | None = Field(
        default=None, description="In place of gbit_per_s: gigabytes/s."
    )
    mb_per_s: Positive | None = Field(
        default=None, description="In place of gbit_per_s: megabytes/s."
    )
    latency_us: _Delay | None = Field(
        default=None, description="From one end to the other, in microseconds."
    )
    latency_ms: _Delay | None = Field(
        default=None, description="In place of latency_us: milliseconds."
    )


class FarWire(WireKeys):
    """A long-haul link: its latency may be told by the length of its fibre."""

    km: _Delay | None = Field(
        default=None, description="In place of a latency: kilometres of fibre."
    )


class HostsRecord(Record):
    """Hosts of one kind of machine."""

    names: _Text = Field(description=f"Their names, {_HOST_LIST}.")
    machine: _Text = Field(description="Name of an entry of [[machines]].")


class SwitchesRecord(Record):
    """Switches of one kind."""

    names: _Text = Field(description=f"Their names, {_HOST_LIST}.")
    kind: SwitchKind = Field(
        description="What it is; a gateway is where tokens come in or go out, and forwards nothing."
    )


class LinksRecord(WireKeys):
    """Links of one kind: from every node of ``a`` to every node of ``b``."""

    a: _Text = Field(description=f"Nodes at one end, {_HOST_LIST}.")
    b: _Text = Field(
        description="Nodes at the other end, likewise; the same nodes as in a: every pair of them."
    )


class RowRecord(Record):
    """One row (or rack) of machines on a leaf of its own."""

    name: EntryName = Field(description="Its machines are called name-machine-1 and so on.")
    machines: dict[str, _Count] = Field(
        min_length=1, description="How many of each machine: { l4x4 = 4, a100 = 1 }."
    )
    wire: WireKeys | None = Field(
        default=None, description="From a machine to the leaf; 100 Gbit/s in 5 us if left out."
    )


class BuilderKeys(Record):
    """A network made by rule; which keys go with which builder, the builder's faults tell."""

    machine: MachineByHost | None = Field(
        default=None,
        description="The one machine of a pod, tree or rack, by name; of a Slurm or nvidia-smi "
        "file what its hosts are, for Slurm also a table { 'a[01-04]' = 'a100' }.",
    )
    count: _Count | None = Field(
        default=None, description="Pods, rails and trees: how many machines."
    )
    rails: Annotated[Whole, Field(gt=0, le=64)] | None = Field(
        default=None, description="Pods and rails: NICs of a machine, each on a leaf of its own."
    )
    radix: Annotated[Whole, Field(gt=0, le=128)] | None = Field(
        default=None, description="Pods, rails and trees: ports of a switch."
    )
    spines: Annotated[Whole, Field(gt=0, le=128)] | None = Field(
        default=None, description="Rails, NVL72 racks and rows: switches on top."
    )
    racks: _Count | None = Field(default=None, description="NVL72: how many racks.")
    trays: _Count | None = Field(default=None, description="NVL72: trays of a rack; default 18.")
    wire: WireKeys | None = Field(
        default=None, description="Pods, rails and trees: every single cable; 400 Gbit/s in 1 us."
    )
    host_wire: WireKeys | None = Field(
        default=None, description="Trees: from a machine to its switch; as wire if left out."
    )
    nvlink: WireKeys | None = Field(
        default=None,
        description="NVL72: from a tray to its NVLink domain; nvidia-smi: one single NVLink.",
    )
    nic: WireKeys | None = Field(
        default=None, description="NVL72: one NIC of a tray, which has one for each device."
    )
    uplink: WireKeys | None = Field(
        default=None, description="NVL72: from a rack's leaf to one spine."
    )
    trunk: WireKeys | None = Field(
        default=None, description="Rows: from a leaf to one spine; needed with two rows or more."
    )
    rows: list[RowRecord] = Field(default=[], description="Rows: what stands in each.")


class RegionRecord(BuilderKeys):
    """One region of a network over WAN; its parts are called region/part."""

    name: EntryName = Field(description="Of the region and of its hub.")
    builder: (
        Literal["dgx_pod", "rail_optimised", "fat_tree", "nvl72_racks", "heterogeneous_rows"] | None
    ) = Field(
        default=None, description="What stands inside; heterogeneous_rows where rows are given."
    )


class WanRecord(FarWire):
    """A long-haul link between two regions."""

    a: EntryName = Field(description="Name of a region.")
    b: EntryName = Field(description="Name of another region.")


class RoundingRecord(Record):
    """Levels to which link figures are rounded, so that hosts become alike."""

    gbit_per_s: list[Positive] = Field(
        default=[], max_length=1000, description="Bandwidths; figures are kept if left out."
    )
    latency_us: list[_Delay] = Field(
        default=[], max_length=1000, description="Latencies; figures are kept if left out."
    )


class TopologyRecord(BuilderKeys):
    """The network: inline [[hosts]], a file or a builder; inline parts may be added to each."""

    links_file: _Text | None = Field(
        default=None,
        description="CSV of further links beside inline hosts: columns a, b, one bandwidth "
        "(gbit_per_s, gb_per_s or mb_per_s) and one latency (latency_us or latency_ms).",
    )
    file: _Text | None = Field(
        default=None,
        description="GraphML (.graphml), node-link JSON (.json), Slurm's topology.conf (.conf) or "
        "the output of 'nvidia-smi topo -m' (.txt).",
    )
    wires: list[WireKeys] = Field(
        default=[],
        max_length=16,
        description="Slurm: from hosts to leaves, from leaves up, and so on; the last one serves "
        "all tiers above it too.",
    )
    pcie: dict[PcieCode, WireKeys] = Field(
        default={}, description="nvidia-smi: the wire up to the tier of each code that occurs."
    )
    max_nvlinks: Annotated[Whole, Field(gt=0, le=1000)] | None = Field(
        default=None,
        description="nvidia-smi: NVLinks of one GPU; bonds beyond it mean NVSwitches. Default 18.",
    )
    builder: BuilderName | None = Field(
        default=None, description="A network made by rule, in place of a file."
    )
    regions: list[RegionRecord] = Field(default=[], description="Over WAN: the regions.")
    wan: list[WanRecord] = Field(default=[], description="Over WAN: long-haul links.")
    gateway: WireKeys | None = Field(
        default=None,
        description="Over WAN: from a region's highest switches to its hub, and on to its router.",
    )
    through_hosts: Flag = Field(
        default=False,
        description="Whether hosts forward for others, as in a mesh without switches.",
    )
    entry: _Text | None = Field(
        default=None,
        description="Gateway where tokens come in; at no cost if left out. A gateway may be added "
        "to any network with [[switches]] and [[links]].",
    )
    exit: _Text | None = Field(
        default=None, description="Gateway where tokens go out; the entry if left out."
    )
    rounding: RoundingRecord | None = Field(
        default=None,
        description="Where every link differs: levels for their figures; the answer is a bracket.",
    )
