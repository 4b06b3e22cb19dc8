"""Whose constants the kernels of a machine have: measured on it by its user, or the catalog's.

A calibration (``operators.calibration_file``) holds constants of some families at some precisions;
it comes first for those, and the catalog serves the rest as it would without one. Of an all-reduce
a calibration knows the library (NCCL, RCCL) alone: the kernels that engines bring along are not
PyTorch's to time, so those stay the catalog's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Generic, TypeVar

from solver.catalog.domain import Accelerator
from solver.performance.operators import attention, attention_context, collective, gemm
from solver.performance.operators.attention import DecodeAttention
from solver.performance.operators.attention_context import ContextAttention
from solver.performance.operators.calibration_file import Calibration
from solver.performance.operators.constants import (
    Sourced,
    attention_context_constants,
    attention_decode_constants,
    collective_constants,
    gemm_constants,
)
from solver.performance.operators.device import Device, device_of_accelerator
from solver.performance.operators.gemm import GemmConstants
from solver.performance.operators.hierarchical import Network, network_of

__all__ = ["MEASURED_HERE", "Chosen", "Sources", "measured_on"]

T = TypeVar("T")

MEASURED_HERE = "measured here"
"""Origin of constants that the user's own calibration holds."""


@dataclass(frozen=True, slots=True)
class Chosen(Generic[T]):
    """Constants of one family at one precision, and whose they are (``MEASURED_HERE`` or an
    ``Origin``)."""

    constants: T
    origin: str


def measured_on(calibration: Calibration, accelerator: Accelerator) -> bool:
    """Whether the calibration is of this accelerator, its room for models apart.

    Constants of kernels do not depend on how much memory there is, only on how fast it is.
    """
    return replace(calibration.accelerator, hbm_bytes=accelerator.hbm_bytes) == accelerator


class Sources:
    """Constants for ``accelerator``, those of ``calibration`` first.

    Attributes
    ----------
    device
        As kernels see it: the machine that was measured, where one was.

    Raises
    ------
    UnsupportedModelError
        Where the accelerator's device is refused.
    ValueError
        For a calibration of another accelerator.
    """

    def __init__(self, accelerator: Accelerator, calibration: Calibration | None) -> None:
        if calibration is not None and not measured_on(calibration, accelerator):
            raise ValueError(
                f"constants of {calibration.accelerator.name!r} are not those of "
                f"{accelerator.name!r}"
            )
        self.accelerator = accelerator
        self.calibration = calibration
        self.device: Device = (
            device_of_accelerator(accelerator) if calibration is None else calibration.device
        )

    def _here(
        self, family: str, precision: str, build: Callable[[Mapping[str, float]], T]
    ) -> T | None:
        """Constants of the calibration, ``None`` where it has none of these."""
        if self.calibration is None or family not in self.calibration.catalogs:
            return None
        key = (self.accelerator.name, precision)
        fit = self.calibration.catalogs[family].fits.get(key)
        return None if fit is None else build(fit.constants)

    def _chosen(
        self,
        family: str,
        precision: str,
        build: Callable[[Mapping[str, float]], T],
        shipped: Callable[[Accelerator, str], Sourced[T]],
    ) -> Chosen[T]:
        here = self._here(family, precision, build)
        if here is not None:
            return Chosen(here, MEASURED_HERE)
        found = shipped(self.accelerator, precision)
        return Chosen(found.constants, found.origin)

    def gemm(self, precision: str) -> Chosen[GemmConstants]:
        """Matrix multiplications at a precision; errors as ``gemm_constants``."""
        self.device.peak_flop_per_s(precision)
        return self._chosen("gemm", precision, gemm.constants_from, gemm_constants)

    def attention_decode(self, precision: str) -> Chosen[DecodeAttention]:
        """Decode attention; errors as ``attention_decode_constants``."""
        return self._chosen(
            "attention_decode",
            precision,
            attention.decode_constants_from,
            attention_decode_constants,
        )

    def attention_context(self, precision: str) -> Chosen[ContextAttention]:
        """Context attention; errors as ``attention_context_constants``."""
        return self._chosen(
            "attention_context",
            precision,
            attention_context.context_constants_from,
            attention_context_constants,
        )

    def network(self) -> tuple[Network, str]:
        """Everything between the devices, and whose constants its all-reduce has.

        Raises
        ------
        UnsupportedModelError
            As ``network_of``.
        """
        shipped = network_of(self.accelerator)
        here = self._here("collective", "all_reduce", collective.constants_from)
        if here is None:
            return shipped, collective_constants(self.accelerator, "all_reduce").origin
        if here.custom is None:
            here = replace(here, custom=shipped.inside["all_reduce"].custom)
        network = replace(
            shipped,
            device=replace(self.device, node_devices=shipped.node_devices),
            inside=MappingProxyType({**shipped.inside, "all_reduce": here}),
        )
        return network, MEASURED_HERE
