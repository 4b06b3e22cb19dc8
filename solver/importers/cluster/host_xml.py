"""The XML of ``nvidia-smi -q -x`` as facts about each device, read without fetching anything.

Real output begins with a DOCTYPE that names ``nvsmi_device_v12.dtd``. That line is accepted and the
file it names is never opened; declarations of entities are refused, so nothing in the file can
grow or point elsewhere. Elements are those of drivers 525 to 580; of older ones where they differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from solver.errors import Fault, InstanceError
from solver.importers.safe_reading import read_text
from solver.importers.visible import visible
from solver.instance.fleet.fault_limit import listed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["DeviceFacts", "HostFacts", "read_host"]

MAX_BYTES = 20_000_000
WHAT = "the output of 'nvidia-smi -q -x'"
_ROOT = "nvidia_smi_log"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()+/-]{0,79}", re.ASCII)
_VERSION = re.compile(r"[0-9][0-9.]{0,30}", re.ASCII)
_POWER_LIMITS = (
    "gpu_power_readings/current_power_limit",
    "power_readings/enforced_power_limit",
    "power_readings/power_limit",
)
_UNKNOWN = ("", "N/A", "[N/A]", "Not Supported", "None")


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """One device of the host.

    Parameters
    ----------
    memory_mib
        The frame buffer in all.
    power_limit_w
        The enforced limit of the board in watts as text; empty where the driver says none.
    sm_clock_mhz
        The highest core clock, ``None`` where the driver says none.
    """

    product: str
    memory_mib: int
    power_limit_w: str
    sm_clock_mhz: int | None
    pcie_generation: int | None


@dataclass(frozen=True, slots=True)
class HostFacts:
    """A host: its devices in order, and versions of the driver and of CUDA (empty: not said)."""

    devices: tuple[DeviceFacts, ...]
    driver: str
    cuda: str


def read_host(path: Path) -> HostFacts:
    """The devices that the file lists.

    Raises
    ------
    InstanceError
        With every fault: no XML, declared entities, another document, fewer devices than attached,
        a device in parts (MIG, vGPU), or without name or memory.
    """
    where = visible(str(path), 200)
    root = _parsed(read_text(path, what=WHAT, max_bytes=MAX_BYTES), where)
    if root.tag != _ROOT:
        raise InstanceError.one(
            f"is <{visible(root.tag)}>, not <{_ROOT}>", where=where, mend=f"Give {WHAT}"
        )
    gpus = root.findall("gpu")
    faults: list[Fault] = []
    attached = _text(root, "attached_gpus")
    if not gpus or not attached.isdecimal() or int(attached[:9]) != len(gpus):
        faults.append(
            Fault(
                f"{where}: attached_gpus",
                f"says '{visible(attached)}', and {len(gpus)} are listed",
                "Run 'nvidia-smi -q -x' for all devices of the host, without -i",
            )
        )
    devices = [_device(gpu, f"{where}: gpu[{place}]", faults) for place, gpu in enumerate(gpus)]
    if faults:
        raise InstanceError.all_of(listed(faults, where))
    return HostFacts(
        devices=tuple(device for device in devices if device is not None),
        driver=_version(_text(root, "driver_version")),
        cuda=_version(_text(root, "cuda_version")),
    )


def _parsed(text: str, where: str) -> Element:
    """The root element; whatever declares an entity is refused, whether it is used or not."""
    parser = DefusedXMLParser(forbid_dtd=False, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(text)
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise InstanceError.one(
            f"declares an entity ({type(error).__name__}), which {WHAT} never does",
            where=where,
            mend="Write the file anew with nvidia-smi",
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise InstanceError.one(
            f"is not XML ({visible(str(error), 120)})",
            where=where,
            mend=f"Give {WHAT}, its standard output alone",
        ) from error
    return root


def _device(gpu: Element, place: str, faults: list[Fault]) -> DeviceFacts | None:
    before = len(faults)
    product = _text(gpu, "product_name")
    if not _NAME.fullmatch(product):
        faults.append(
            Fault(
                f"{place}.product_name",
                f"'{visible(product)}' is no name of a product",
                "Write the file anew with nvidia-smi",
            )
        )
    mig = _text(gpu, "mig_mode/current_mig")
    if mig == "Enabled":
        faults.append(
            Fault(
                f"{place}.mig_mode",
                "the device is cut into parts (MIG), and the catalog has whole devices",
                "Turn MIG off (nvidia-smi -mig 0), or name a host without it",
            )
        )
    virtual = _text(gpu, "gpu_virtualization_mode/virtualization_mode")
    if virtual.casefold() in ("vgpu", "host vgpu", "host vsga"):
        faults.append(
            Fault(
                f"{place}.gpu_virtualization_mode",
                f"the device is shared between virtual machines ({virtual})",
                "Run nvidia-smi where whole devices are seen",
            )
        )
    memory = _measure(gpu, ("fb_memory_usage/total",), "MiB")
    if memory is None or not memory.isdecimal() or int(memory) == 0:
        faults.append(
            Fault(
                f"{place}.fb_memory_usage.total",
                f"'{visible(_text(gpu, 'fb_memory_usage/total'))}' is no whole number of MiB",
                f"Give {WHAT}, as it was written",
            )
        )
    if len(faults) > before or memory is None:
        return None
    return DeviceFacts(
        product=product,
        memory_mib=int(memory),
        power_limit_w=_measure(gpu, _POWER_LIMITS, "W") or "",
        sm_clock_mhz=_whole(_measure(gpu, ("max_clocks/sm_clock",), "MHz")),
        pcie_generation=_whole(_number(_text(gpu, "pci/pci_gpu_link_info/pcie_gen/max_link_gen"))),
    )


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _number(text: str) -> str | None:
    return text if re.fullmatch(r"\d{1,9}(\.\d{1,3})?", text, re.ASCII) else None


def _measure(element: Element, paths: Sequence[str], unit: str) -> str | None:
    """The number before ``unit`` in the first of these elements that says one."""
    for path in paths:
        text = _text(element, path)
        if text in _UNKNOWN:
            continue
        value, _, stated = text.partition(" ")
        if stated.strip() == unit:
            return _number(value)
    return None


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _version(text: str) -> str:
    return text if _VERSION.fullmatch(text) else ""
