"""Machines whose kernels nobody measured, told in words: what stands in for them."""

from __future__ import annotations

from collections.abc import Iterable

from solver.catalog.domain import Accelerator
from solver.performance.operators.constants import gemm_constants

__all__ = ["kernels_told"]


def kernels_told(accelerators: Iterable[Accelerator]) -> str:
    """Which accelerators run on constants of others, and on whose; empty where none does.

    Matrix multiplications in 16 bits, which every machine has, stand for all kernels: families are
    measured system by system, and every family finds its constants by the same lineage.
    """
    notes = []
    for accelerator in accelerators:
        found = gemm_constants(accelerator, "bfloat16")
        if found.origin == "sibling":
            notes.append(
                f"no kernel of {accelerator.name} was measured: its own peaks with the "
                f"efficiencies of {found.system}"
            )
        elif found.origin == "transferred":
            notes.append(
                f"no kernel of {accelerator.name} was measured: transferred, its own peaks with "
                f"the mean efficiencies of {found.system}"
            )
    return "; ".join(notes)
