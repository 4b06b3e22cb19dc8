"""What a kernel needs to know of its device: peaks, multiprocessors, L2 cache.

Peaks come from the catalog's accelerator; multiprocessors and cache, which the catalog does not
hold, from ``silicon``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from solver.catalog.domain import Accelerator
from solver.catalog.shipped import shipped_catalog
from solver.errors import UnsupportedModelError
from solver.performance.operators.silicon import LISTED, silicon_of

__all__ = [
    "FLOAT8",
    "MEASURED_SYSTEMS",
    "OPERAND_BITS",
    "Device",
    "at_clock",
    "device_of_accelerator",
    "device_of_system",
    "known_accelerators",
]

MEASURED_SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "a100_sxm": "A100-80GB SXM",
        "h100_sxm": "H100 SXM",
        "h200_sxm": "H200 SXM",
        "b200_sxm": "B200 SXM",
        "b300_sxm": "B300 SXM",
        "gb200": "GB200 NVL72",
        "gb300": "GB300 NVL72",
        "l40s": "L40S",
        "rtx_pro_6000_server": "RTX PRO 6000",
    }
)
"""Catalog accelerator of each system name of the kernel measurements. ``b60`` (Intel Arc Pro B60)
is absent: the catalog has no entry for it."""

OPERAND_BITS: Mapping[str, int] = MappingProxyType(
    {
        "bfloat16": 16,
        "float16": 16,
        "int8_wo": 16,
        "int4_wo": 16,
        "w4a16_mxfp4": 16,
        "fp8": 8,
        "fp8_block": 8,
        "sq": 8,
        "w4afp8": 8,
        "w4a8_mxfp4_mxfp8": 8,
        "nvfp4": 4,
        "nvfp4 low_latency": 4,
    }
)
"""Width in which the tensor cores multiply at each named precision: weights that are only stored
narrow (``int8_wo``, ``int4_wo``, ``w4a16_mxfp4``) are widened first."""

FLOAT8 = frozenset({"fp8", "fp8_block", "w4afp8", "w4a8_mxfp4_mxfp8"})
"""Precisions that multiply 8-bit floats; an 8-bit peak of integers does not serve them."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device as a kernel sees it.

    Parameters
    ----------
    name
        The catalog's name of the accelerator.
    flop_per_s
        Dense vendor peak by operand width in bits.
    hbm_bytes_per_s
        Vendor peak of the main memory.
    multiprocessors
        Streaming multiprocessors (compute units) that take one tile of work each at a time.
    l2_bytes
        Last-level cache that all multiprocessors share.
    scale_up_bytes_per_s
        Vendor peak out of the device, one direction, inside its node (NVLink, else PCIe).
    node_devices
        Devices on that network.
    source
        Of the multiprocessors and the cache; peaks have theirs in the catalog.
    float8
        Whether its 8-bit arithmetic is that of floats, not of integers alone.
    mesh
        Whether the devices of a node are joined each to each, with one of ``node_devices`` - 1
        equal links for each pair, and not by a switch.
    derived
        Whether multiprocessors and cache follow from a rule that ``source`` names.
    """

    name: str
    flop_per_s: Mapping[int, float] = field(hash=False)
    hbm_bytes_per_s: float
    multiprocessors: int
    l2_bytes: float
    scale_up_bytes_per_s: float
    node_devices: int
    source: str
    float8: bool = True
    mesh: bool = False
    derived: bool = False

    @property
    def flop_per_s_of_multiprocessor(self) -> float:
        """16-bit peak of one multiprocessor."""
        return self.flop_per_s[16] / self.multiprocessors

    def peak_flop_per_s(self, precision: str) -> float:
        """Dense peak at a named precision of the measurements.

        Raises
        ------
        UnsupportedModelError
            For a precision that is unknown or that the device lacks.
        """
        if precision not in OPERAND_BITS:
            raise UnsupportedModelError.one(
                f"precision {precision!r} is unknown",
                where=self.name,
                mend=f"Use one of {', '.join(sorted(OPERAND_BITS))}",
            )
        bits = OPERAND_BITS[precision]
        if precision in FLOAT8 and not self.float8:
            raise UnsupportedModelError.one(
                f"no 8-bit floating-point arithmetic, which precision {precision!r} needs",
                where=self.name,
                mend="Use a 16-bit or an integer format",
            )
        if bits not in self.flop_per_s:
            raise UnsupportedModelError.one(
                f"no {bits}-bit arithmetic, which precision {precision!r} needs",
                where=self.name,
                mend=f"Use a width it has: {', '.join(map(str, sorted(self.flop_per_s)))} bits",
            )
        return self.flop_per_s[bits]


def known_accelerators() -> tuple[str, ...]:
    """Catalog accelerators with an entry of their own in ``silicon``, by source or by rule."""
    return LISTED


def device_of_accelerator(accelerator: Accelerator) -> Device:
    """The device of an accelerator, of the catalog or of a user.

    Raises
    ------
    UnsupportedModelError
        For memory on the die, or without a 16-bit peak; see ``silicon_of``.
    """
    silicon = silicon_of(accelerator)
    return Device(
        name=accelerator.name,
        flop_per_s=accelerator.flop_per_s,
        hbm_bytes_per_s=accelerator.hbm_bytes_per_s,
        multiprocessors=silicon.multiprocessors,
        l2_bytes=silicon.l2_bytes,
        scale_up_bytes_per_s=accelerator.scale_up_bytes_per_s,
        node_devices=accelerator.node_devices,
        source=silicon.source,
        float8=silicon.float8,
        mesh=silicon.mesh,
        derived=silicon.derived,
    )


def at_clock(device: Device, share: float) -> Device:
    """The device with its cores at ``share`` of the highest clock.

    Arithmetic goes with the clock; memory, links and the time to launch a kernel do not.

    Raises
    ------
    ValueError
        If the share is not above zero.
    """
    if not share > 0:
        raise ValueError(f"a clock at {share} of the highest does nothing")
    if share == 1.0:
        return device
    peaks = {bits: peak * share for bits, peak in device.flop_per_s.items()}
    return replace(device, flop_per_s=MappingProxyType(peaks))


def device_of_system(system: str) -> Device:
    """The device of a system name of the kernel measurements, such as ``h100_sxm``.

    Raises
    ------
    UnsupportedModelError
        For a system that is not in ``MEASURED_SYSTEMS``.
    """
    if system not in MEASURED_SYSTEMS:
        raise UnsupportedModelError.one(
            f"system {system!r} is unknown",
            where="kernel measurements",
            mend=f"Use one of {', '.join(MEASURED_SYSTEMS)}",
        )
    return device_of_accelerator(shipped_catalog().accelerators[MEASURED_SYSTEMS[system]])
