"""Keys of a fleet file that belong to one performance model, and what they exclude.

They matter where designs are evaluated; a fleet of measured points alone has no use for them.
"""

from __future__ import annotations

from solver.catalog.weight_formats import FORMAT_BITS, KV_FORMATS
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.fleet.records import FleetDesignRecord, FleetFile
from solver.instance.lookup import Lookup
from solver.instance.ranges import format_integers

__all__ = ["check_model_keys"]

_PUBLISHED = 'or write model = "epoch2025" in [performance]'
_CALIBRATED = 'or write model = "calibrated" in [performance]'


def check_model_keys(record: FleetFile, lookup: Lookup) -> None:
    """Note keys that the performance model of the file does not know."""
    for entry in record.workloads:
        if entry.prefix_hit is not None and entry.points is not None:
            lookup.fault(
                f"workloads.{entry.name}.prefix_hit",
                "its operating points are measured, cached prompts and all",
                "Leave it out",
            )
    if record.performance.model == CALIBRATED:
        _check_calibrated(record, lookup)
    else:
        _check_published(record, lookup)


def _check_calibrated(record: FleetFile, lookup: Lookup) -> None:
    for key in ("flop_efficiency", "hbm_efficiency"):
        if getattr(record.performance, key) is not None:
            lookup.fault(
                f"performance.{key}",
                "the calibrated model has efficiencies of its own, measured kernel by kernel",
                f"Leave it out, {_PUBLISHED}",
            )
    if record.design is None:
        return
    if record.rules.hbm_account != "per-device":
        lookup.fault(
            "rules.hbm_account",
            f"the calibrated model has no {record.rules.hbm_account!r} account",
            f"Leave it out, {_PUBLISHED}",
        )
    _check_design(record.design, lookup)


def _check_design(design: FleetDesignRecord, lookup: Lookup) -> None:
    if design.tensor_parallel_2d:
        lookup.fault(
            "design.tensor_parallel_2d",
            "the calibrated model knows sharding along one dimension",
            f"Leave it out, {_PUBLISHED}",
        )
    if design.weight_format is not None and design.weight_bits is not None:
        lookup.fault(
            "design.weight_format",
            "weight_bits says the same in other words",
            "Keep one of the two",
        )
    for key, what, stated, known in (
        ("kv_bits", "cache", design.kv_bits, tuple(KV_FORMATS)),
        ("weight_bits", "format of weights", design.weight_bits, tuple(FORMAT_BITS.values())),
    ):
        for bits in stated or ():
            if bits not in known:
                lookup.fault(
                    f"design.{key}",
                    f"the calibrated model knows no {bits}-bit {what}",
                    f"Choose from {format_integers(known)}",
                )


def _check_published(record: FleetFile, lookup: Lookup) -> None:
    name = record.performance.model
    if record.design is not None and record.design.weight_format is not None:
        lookup.fault(
            "design.weight_format",
            f"{name} does not know it",
            f"Write weight_bits, {_CALIBRATED}",
        )
    for entry in record.workloads:
        if entry.prefix_hit is not None and entry.points is None:
            lookup.fault(
                f"workloads.{entry.name}.prefix_hit",
                f"{name} does not know it",
                f"Leave it out, {_CALIBRATED}",
            )
