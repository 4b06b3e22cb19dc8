"""The frontiers of the published design space against two other evaluators.

Latencies are rounded up to a picosecond, and two evaluators that add in another order may land on
two sides of one; so points are compared to 1e-9, count for count.
"""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import pytest

from solver.api import read_instance
from solver.instance.domain import ReplicaInstance
from solver.lowering.families import PS_PER_S
from solver.lowering.space import lower_replica
from solver.sweep.enumeration import Candidate, enumerate_frontier
from tests.oracles import plain_epoch

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "instances" / "epoch"
PUBLISHED = ROOT.parent / "shared" / "data" / "epoch" / "exact"
STEMS = sorted(path.stem for path in FOLDER.glob("*.toml"))
TOLERANCE = 1e-9


def points_of(question: ReplicaInstance) -> tuple[Candidate, ...]:
    return enumerate_frontier(lower_replica(question)).points


def assert_same(found: tuple[Candidate, ...], stated: list[tuple[float, float]]) -> None:
    """Same number of points, and (latency s, US$/Mtok) equal one by one."""
    assert len(found) == len(stated)
    for point, (latency_s, cost) in zip(found, stated, strict=True):
        assert point.latency_ps / PS_PER_S == pytest.approx(latency_s, rel=TOLERANCE, abs=0)
        assert float(point.cost) == pytest.approx(cost, rel=TOLERANCE, abs=0)


def published(stem: str) -> list[tuple[float, float]]:
    if not PUBLISHED.is_dir():
        pytest.skip("reference outputs are not beside this checkout (shared/data/epoch/exact)")
    files = {path.stem.lower(): path for path in PUBLISHED.glob("*.csv")}
    if stem not in files:
        pytest.skip("no published answer for this question; the plain evaluator checks it")
    with files[stem].open(newline="") as stream:
        return [
            (float(row["latency_s"]), float(row["usd_per_mtok"])) for row in csv.DictReader(stream)
        ]


@pytest.mark.parametrize("stem", STEMS)
def test_the_whole_frontier_is_the_published_one(stem: str) -> None:
    stated = published(stem)
    assert_same(points_of(read_instance(FOLDER / f"{stem}.toml")), stated)


@pytest.mark.parametrize("stem", STEMS)
def test_a_plain_evaluator_finds_the_same_frontier_of_a_smaller_space(stem: str) -> None:
    question = read_instance(FOLDER / f"{stem}.toml")
    degrees, batches = plain_epoch.SAMPLE_TENSOR_PARALLELS, plain_epoch.SAMPLE_BATCHES
    squares = tuple(d for d in question.design.tensor_parallel_2d if d in set(degrees))
    design = replace(
        question.design,
        tensor_parallel=tuple(degrees),
        tensor_parallel_2d=squares,
        batch=tuple(batches),
    )
    gpu, model, context, cap = plain_epoch.question(stem)
    price = question.machines[0].price.usd_per_hour
    plain = plain_epoch.sample_frontier(gpu, model, context, cap_tok_per_s=cap)
    assert_same(
        points_of(replace(question, design=design)),
        [(p.latency_ps / PS_PER_S, float(p.usd_per_mtok(price))) for p in plain],
    )


@pytest.mark.skipif(
    os.environ.get("FLEETFRONT_FULL_ORACLE") != "1",
    reason="the plain evaluator takes minutes: set FLEETFRONT_FULL_ORACLE=1",
)
@pytest.mark.parametrize("stem", STEMS)
def test_a_plain_evaluator_finds_the_same_frontier_of_the_whole_space(stem: str) -> None:
    question = read_instance(FOLDER / f"{stem}.toml")
    gpu, model, context, cap = plain_epoch.question(stem)
    price = question.machines[0].price.usd_per_hour
    plain = plain_epoch.integer_frontier(gpu, model, context, cap_tok_per_s=cap)
    assert_same(
        points_of(question),
        [(p.latency_ps / PS_PER_S, float(p.usd_per_mtok(price))) for p in plain],
    )
