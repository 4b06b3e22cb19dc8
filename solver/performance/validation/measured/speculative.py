"""Rows that were measured with speculative decoding, which the file does not mark.

Three tests, none of which uses what the performance model predicts:

1. A TPOT below the time in which the weights of a step can be read (``roofline``).
2. A row at least 1.45 times as fast as a row of the same decode deployment (system, engine, model,
   precision, lengths, decode layout) with no more sequences a worker. Load never makes a step
   faster; releases of an engine differ by up to 1.4 in these files, and drafts gain 1.5 and more.
3. Where that holds for the least loaded row of a release that can be compared, for all rows of the
   release on that system, model and precision: drafts gain most at low load, so the others gained
   too, only less.

A row that is itself 1.45 times slower than the same release under more load is an accident of its
run; it is dropped with that reason, and accuses nobody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from solver.performance.calibrated.point import ServingPoint
from solver.performance.validation.measured.roofline import weight_read_s
from solver.performance.validation.measured.rows import MeasuredRow

__all__ = ["ACCIDENT", "BEATS_EQUAL", "BEATS_ROOFLINE", "SAME_RELEASE", "speculative_reasons"]

BEATS_ROOFLINE = "speculative: TPOT is below the time to read the weights of a step"
BEATS_EQUAL = (
    "speculative or misfiled: much faster than the same decode deployment under no more load"
)
SAME_RELEASE = "speculative: of a release whose least loaded rows are much faster than equal ones"
ACCIDENT = "an accident: much slower than the same deployment under more load"

_MUCH = 1.45
_CONFIGURATION = re.compile(r"_(cfg\d+)\Z")

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """One measured row that stands for itself: its deployment, release, load and TPOT."""

    at: int
    deployment: _Key
    release: _Key | None
    load: float
    tpot_s: float


def _run(at: int, row: MeasuredRow, point: ServingPoint) -> _Run:
    if point.aggregated is not None:
        layout, workers = point.aggregated, 1
    else:
        assert point.decode is not None
        layout, workers = point.decode.layout, point.decode.workers
    model = point.model
    kind = (
        row.system, row.backend, row.mode, model.layers, model.d_model, model.moe,
        point.weight_format, point.expert_format,
    )  # fmt: skip
    configuration = _CONFIGURATION.search(row.id)
    name = configuration[1] if configuration else row.version
    assert row.tpot_s is not None
    return _Run(
        at=at,
        deployment=(*kind, row.isl, row.osl, layout),
        release=None if name is None else (*kind, name),
        load=point.concurrency / workers,
        tpot_s=row.tpot_s,
    )


def _decoding(row: MeasuredRow, point: ServingPoint) -> float:
    """Sequences a decode worker holds on average: the share of its life a request decodes in.

    Little's law with the measured times.
    """
    workers = 1 if point.decode is None else point.decode.workers
    held = point.concurrency / workers
    if row.ttft_s is None or row.tpot_s is None:
        return held
    decode_s = row.tpot_s * row.osl
    return held * decode_s / (row.ttft_s + decode_s)


def _much_faster(run: _Run, than: _Run) -> bool:
    return than.load <= run.load and than.tpot_s >= _MUCH * run.tpot_s


def _accidents(runs: Sequence[_Run]) -> set[int]:
    """Positions of rows slower than the same release of the same deployment under more load."""
    return {
        slow.at
        for slow in runs
        for fast in runs
        if slow.release is not None
        and slow.release == fast.release
        and slow.load < fast.load
        and _much_faster(fast, slow)
    }


def speculative_reasons(
    rows: Sequence[MeasuredRow], points: Sequence[ServingPoint | None], leaders: Sequence[int]
) -> list[str | None]:
    """Why each row does not show plain decoding; ``None`` where nothing says so.

    Parameters
    ----------
    points
        The deployment of each row; ``None`` where there is none, then nothing is said of it.
    leaders
        The row that stands for each, see ``same_measurements``: the others are not looked at.
    """
    reasons: list[str | None] = [None] * len(rows)
    deployments: dict[_Key, list[_Run]] = {}
    runs: list[_Run] = []
    for at, (row, point) in enumerate(zip(rows, points, strict=True)):
        if point is None or row.tpot_s is None or leaders[at] != at:
            continue
        if row.tpot_s < weight_read_s(point, _decoding(row, point)):
            reasons[at] = BEATS_ROOFLINE
            continue
        run = _run(at, row, point)
        runs.append(run)
        deployments.setdefault(run.deployment, []).append(run)
    releases: set[_Key] = set()
    sound: set[int] = set()
    for members in deployments.values():
        accidents = _accidents(members)
        for at in accidents:
            reasons[at] = ACCIDENT
        steady = [run for run in members if run.at not in accidents]
        for run in steady:
            slower = [other for other in steady if _much_faster(run, other)]
            sound.update(other.at for other in slower)
            if slower:
                reasons[run.at] = BEATS_EQUAL
        releases |= _fast_from_the_start(steady, reasons)
    for run in runs:
        if reasons[run.at] is None and run.release in releases and run.at not in sound:
            reasons[run.at] = SAME_RELEASE
    return reasons


def _fast_from_the_start(runs: Sequence[_Run], reasons: Sequence[str | None]) -> set[_Key]:
    """Releases whose least loaded comparable row of a deployment is much faster than an equal."""
    found = set()
    for release in {run.release for run in runs} - {None}:
        own = [run for run in runs if run.release == release]
        others = [run.load for run in runs if run.release != release]
        comparable = [run for run in own if others and run.load >= min(others)]
        if comparable and reasons[min(comparable, key=lambda run: run.load).at] == BEATS_EQUAL:
            assert release is not None
            found.add(release)
    return found
