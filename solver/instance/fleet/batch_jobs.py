"""Batch work of a fleet file: what stands beside it, and whether it can be done in time at all."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from solver.catalog import suggestion
from solver.instance.fleet.domain import BatchJob, Period
from solver.instance.fleet.plausible import plain
from solver.instance.fleet.records import FleetFile
from solver.instance.fleet.workload_records import BatchRecord, WorkloadEntry
from solver.instance.lookup import Lookup

__all__ = ["batch_job", "check_batches", "mean_requests_per_s"]

SECONDS_PER_DAY = 86_400
_IN_PLACE_OF = ("requests_per_s", "tok_per_s", "by_period", "target_speed_tok_per_s")
_WHY = {
    "target_speed_tok_per_s": "nobody waits for the tokens of batch work",
    "by_period": "batch says when it arrives, and the answer when it is worked off",
}


def batch_job(entry: WorkloadEntry) -> BatchJob | None:
    """The job of a workload entry, ``None`` where it is a stream."""
    stated = entry.batch
    if stated is None:
        return None
    return BatchJob(stated.requests_per_day, stated.arrives, stated.deadline_hours)


def mean_requests_per_s(batch: BatchRecord) -> Fraction:
    """Requests/s, spread over the whole day."""
    return batch.requests_per_day / SECONDS_PER_DAY


def check_batches(record: FleetFile, lookup: Lookup) -> None:
    """Note what contradicts batch work, and every batch that no whole period can work off."""
    periods = [Period(entry.name, entry.hours) for entry in record.periods]
    batches = [entry for entry in record.workloads if entry.batch is not None]
    for entry in batches:
        _check_beside(entry, lookup)
        _check_window(entry, periods, lookup)
    if batches and "throughput" in record.trade_off:
        lookup.fault(
            f"workloads.{batches[0].name}.batch",
            "throughput is traded off, which scales rates, and a batch is a number of requests a "
            "day",
            "State requests_per_s in place of batch, or trade off cost",
        )
    if batches and len(batches) == len(record.workloads) and "speed" in record.trade_off:
        lookup.fault(
            "trade_off",
            "speed is traded off, and all workloads are batch work, for whose tokens nobody waits",
            "Trade off cost against power, or add a workload with users",
        )


def _check_beside(entry: WorkloadEntry, lookup: Lookup) -> None:
    for key in _IN_PLACE_OF:
        if getattr(entry, key) is None:
            continue
        why = _WHY.get(key, "batch already states the demand, as requests_per_day")
        lookup.fault(
            f"workloads.{entry.name}.{key}", f"stands beside batch: {why}", "Leave one of them out"
        )


def _check_window(entry: WorkloadEntry, periods: Sequence[Period], lookup: Lookup) -> None:
    batch = entry.batch
    if batch is None or lookup.has_fault("periods"):
        return
    key = f"workloads.{entry.name}.batch"
    if not periods:
        lookup.fault(
            f"{key}.arrives",
            "the file has no periods, so that there are no valleys to fill",
            "List [[periods]] of the day, or state requests_per_s in place of batch",
        )
        return
    names = [period.name for period in periods]
    if batch.arrives not in names:
        lookup.fault(
            f"{key}.arrives",
            f"{batch.arrives!r} is none of the periods of the file",
            suggestion(batch.arrives, names, what="periods"),
        )
        return
    job = BatchJob(batch.requests_per_day, batch.arrives, batch.deadline_hours)
    if not job.periods_of_work(periods):
        hours = periods[names.index(batch.arrives)].hours
        lookup.fault(
            f"{key}.deadline_hours",
            f"{plain(batch.deadline_hours)} h end before the period {batch.arrives!r}, of "
            f"{plain(hours)} h, and only whole periods count",
            f"Allow {plain(hours)} h or more, or cut {batch.arrives!r} into shorter periods",
        )
