"""One node of ``kubectl get nodes -o json``: what it is, what it offers, whether it can be used.

Labels that only describe (drivers, kernels) are not read. A label that goes into the instance has
to be a label of Kubernetes: letters, digits, ``-``, ``_`` and ``.``, at most 63, so that no name
from a cluster can carry markup or steer a terminal. Sources: API of Kubernetes (Node v1), NVIDIA's
GPU Feature Discovery, AMD's node labeller, and the labels that large clouds give to node pools.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from solver.importers.cluster.records import NodeRecord, TaintRecord
from solver.importers.instance_types import devices_of_instance
from solver.importers.visible import visible

__all__ = [
    "INSTANCE_TYPE",
    "PRODUCT_LABELS",
    "DeviceNode",
    "Label",
    "UnreadableNodeError",
    "Unusable",
    "device_node",
]

INSTANCE_TYPE = "node.kubernetes.io/instance-type"
POOL_LABELS = (
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
    "kubernetes.azure.com/agentpool",
    "agentpool",
    "karpenter.sh/nodepool",
    INSTANCE_TYPE,
)
"""Where a node's pool stands, the first that it has."""
PRODUCT_LABELS = (
    "nvidia.com/gpu.product",
    "amd.com/gpu.product-name",
    "beta.amd.com/gpu.product-name",
    "cloud.google.com/gke-accelerator",
)
_ZONE = "topology.kubernetes.io/zone"
_RESOURCES = ("nvidia.com/gpu", "amd.com/gpu")
_OTHER_RESOURCES = ("habana.ai/gaudi", "google.com/tpu", "aws.amazon.com/neuron", "gpu.intel.com/")
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\Z", re.ASCII)
_TAINT = re.compile(r"[A-Za-z0-9./_-]{1,317}(=[A-Za-z0-9._-]{0,63})?\Z", re.ASCII)
_LEAVING_TAINTS = ("ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted")
_OWN_TAINTS = ("nvidia.com/gpu", "amd.com/gpu")
"""Pods that ask for devices commonly tolerate these; worth no remark."""
_WHOLE = re.compile(r"(\d{1,9})(k?)\Z", re.ASCII)
_MOST_DEVICES = 1024
"""No host has more; a larger number is a slip or an attack."""
_MIB_PER_GIB = 1024


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """A label of a node; ``str`` is the selector that finds it again: ``key=value``."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


@dataclass(frozen=True, slots=True)
class DeviceNode:
    """A node with devices that can be used.

    Parameters
    ----------
    pool
        The label that tells its pool; ``None`` where it carries none.
    product
        The label that tells the device: a product name, or the type of the instance.
    memory_mib
        Of one device, where a label says so.
    devices, healthy
        Devices that it has, and those that the scheduler may give out.
    offered
        The key of the node's status that ``healthy`` is from.
    clique
        The NVLink domain beyond the node (``nvidia.com/gpu.clique``), empty where there is none.
    """

    pool: Label | None
    product: Label | None
    resource: str
    memory_mib: int | None
    devices: int
    healthy: int
    offered: str
    zone: str
    taints: tuple[str, ...]
    clique: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """A node that is left out, and why, in words that follow a number of nodes."""

    reason: str


class UnreadableNodeError(Exception):
    """What of a node cannot stand in a question, and the cure; ``InstanceError`` is made of it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


def device_node(node: NodeRecord) -> DeviceNode | Unusable:
    """What a node offers, or why it is left out.

    Raises
    ------
    UnreadableNodeError
        If its devices are cut or shared (MIG, time-slicing, MPS), a count is no whole number in
        range, or a label that would be used is none of Kubernetes.
    """
    labels, status = node.metadata.labels, node.status
    _refuse_parts(labels, status.capacity)
    resource = next((name for name in _RESOURCES if _count(status.capacity, name)), None)
    if resource is None:
        return Unusable(_without_devices(labels, status.capacity))
    devices = _count(status.capacity, resource)
    # The API's default of allocatable is capacity.
    healthy = _count(status.allocatable, resource) if status.allocatable else devices
    offered = "allocatable" if status.allocatable else "capacity"
    _refuse_shared(labels, resource, devices, healthy)
    reason = _out_of_service(node)
    if reason is not None:
        return Unusable(reason)
    if healthy == 0:
        return Unusable(f"with no allocatable {resource}, so no healthy device")
    taints = sorted(
        {
            _taint(taint)
            for taint in node.spec.taints
            if taint.effect in ("NoSchedule", "NoExecute") and taint.key not in _OWN_TAINTS
        }
    )
    return DeviceNode(
        pool=_first(labels, POOL_LABELS),
        product=_product(labels),
        resource=resource,
        memory_mib=_memory_mib(labels),
        devices=devices,
        healthy=healthy,
        offered=f"status.{offered}['{resource}']",
        zone=_value(labels, _ZONE) if labels.get(_ZONE) else "",
        taints=tuple(taints),
        clique=_value(labels, "nvidia.com/gpu.clique")
        if labels.get("nvidia.com/gpu.clique")
        else "",
    )


def _value(labels: Mapping[str, str], key: str) -> str:
    """The value of a label, sound for a name."""
    value = labels[key]
    if not _LABEL_VALUE.match(value):
        raise UnreadableNodeError(
            f"label {key} holds '{visible(value)}', which is no value of a label in Kubernetes",
            "Give the file as kubectl wrote it: letters, digits, '-', '_' and '.', at most 63",
        )
    return value


def _first(labels: Mapping[str, str], keys: tuple[str, ...]) -> Label | None:
    key = next((key for key in keys if labels.get(key)), None)
    return None if key is None else Label(key, _value(labels, key))


def _product(labels: Mapping[str, str]) -> Label | None:
    product = _first(labels, PRODUCT_LABELS)
    if product is None and devices_of_instance(labels.get(INSTANCE_TYPE, "")) is not None:
        return Label(INSTANCE_TYPE, _value(labels, INSTANCE_TYPE))
    return product


def _count(resources: Mapping[str, str | int], name: str) -> int:
    """A number of devices as Kubernetes writes quantities: whole, perhaps in thousands."""
    stated = resources.get(name, 0)
    match = _WHOLE.match(str(stated))
    count = int(match[1]) * (1000 if match[2] else 1) if match else -1
    if not 0 <= count <= _MOST_DEVICES:
        raise UnreadableNodeError(
            f"{name} is '{visible(str(stated))}'",
            f"Give the file as kubectl wrote it: a whole number from 0 to {_MOST_DEVICES}",
        )
    return count


def _memory_mib(labels: Mapping[str, str]) -> int | None:
    """Memory of one device: NVIDIA's label is in MiB, AMD's in GiB with a ``G`` behind."""
    stated = labels.get("nvidia.com/gpu.memory")
    if stated:
        if not re.fullmatch(r"\d{1,9}", stated, re.ASCII):
            raise UnreadableNodeError(
                f"label nvidia.com/gpu.memory is '{visible(stated)}'",
                "Give the file as kubectl wrote it: a whole number of MiB",
            )
        return int(stated)
    stated = labels.get("amd.com/gpu.vram") or labels.get("beta.amd.com/gpu.vram")
    if stated:
        if not re.fullmatch(r"\d{1,6}G", stated, re.ASCII):
            raise UnreadableNodeError(
                f"label amd.com/gpu.vram is '{visible(stated)}'",
                "Give the file as kubectl wrote it: a whole number and G",
            )
        return int(stated[:-1]) * _MIB_PER_GIB
    return None


def _refuse_parts(labels: Mapping[str, str], capacity: Mapping[str, str | int]) -> None:
    """Refuse devices cut into instances (MIG): the figures of a whole device would not hold."""
    parts = [name for name in capacity if name.startswith("nvidia.com/mig-")]
    named = labels.get("nvidia.com/gpu.product", "")
    partition = labels.get("cloud.google.com/gke-gpu-partition-size", "")
    if any(_count(capacity, name) for name in parts) or "-MIG-" in named or partition:
        shown = visible(partition or next(iter(parts), named))
        raise UnreadableNodeError(
            f"its devices are cut into parts (MIG: {shown}), and the catalog has whole devices",
            "Turn MIG off on that pool (nvidia.com/mig.config=all-disabled), or leave it out: "
            "kubectl get nodes -l POOL_LABEL=NAME -o json",
        )


def _refuse_shared(labels: Mapping[str, str], resource: str, devices: int, healthy: int) -> None:
    """Refuse devices that several pods share: what is counted then are tickets, not devices."""
    mend = (
        "Remove the sharing from the device plugin's settings for that pool, or leave it out: "
        "kubectl get nodes -l POOL_LABEL=NAME -o json"
    )
    replicas = labels.get("nvidia.com/gpu.replicas", "1")
    shared = (
        labels.get("nvidia.com/gpu.product", "").endswith("-SHARED")
        or labels.get("cloud.google.com/gke-gpu-sharing-strategy")
        or replicas not in ("", "0", "1")
    )
    if shared:
        how = labels.get("nvidia.com/gpu.sharing-strategy", "time-slicing or MPS")
        raise UnreadableNodeError(
            f"its devices are shared between pods ({visible(how)}): {devices} {resource} are "
            "tickets, not devices",
            mend,
        )
    stated = labels.get("nvidia.com/gpu.count", "")
    if resource == "nvidia.com/gpu" and re.fullmatch(r"\d{1,9}", stated) and int(stated) < devices:
        raise UnreadableNodeError(
            f"it offers {devices} {resource}, but its label nvidia.com/gpu.count says {stated}",
            mend,
        )
    if healthy > devices:
        raise UnreadableNodeError(
            f"more {resource} are allocatable ({healthy}) than there are ({devices})",
            "Give the file as kubectl wrote it",
        )


def _without_devices(labels: Mapping[str, str], capacity: Mapping[str, str | int]) -> str:
    if any(labels.get(key) for key in PRODUCT_LABELS):
        return "that offer no device although a label names one (is the device plugin running?)"
    if any(name.startswith(_OTHER_RESOURCES) and str(capacity[name]) != "0" for name in capacity):
        return "with devices other than nvidia.com/gpu and amd.com/gpu, which are not read"
    return "without devices (CPU only)"


def _out_of_service(node: NodeRecord) -> str | None:
    if node.spec.unschedulable:
        return "cordoned (spec.unschedulable)"
    ready = next((one.status for one in node.status.conditions if one.type == "Ready"), None)
    if ready != "True":
        return "not ready" if ready is not None else "without a Ready condition"
    for taint in node.spec.taints:
        if taint.key.startswith("node.kubernetes.io/") and taint.effect != "PreferNoSchedule":
            return f"out of service (taint {visible(taint.key)})"
        if taint.key in _LEAVING_TAINTS:
            return "being removed by the autoscaler"
    return None


def _taint(taint: TaintRecord) -> str:
    text = f"{taint.key}={taint.value}" if taint.value else taint.key
    if not _TAINT.match(text):
        raise UnreadableNodeError(
            f"taint '{visible(text)}' is none of Kubernetes", "Give the file as kubectl wrote it"
        )
    return f"{text}:{taint.effect}"
