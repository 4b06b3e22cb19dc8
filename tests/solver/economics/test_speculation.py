"""Where drafting stops paying: the least over plain loops, the batch of the turn, the report."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest
from rich.console import Console

from solver.catalog import shipped_catalog
from solver.catalog.domain import Price
from solver.economics.speculation import (
    DraftsAtBatch,
    LengthAtBatch,
    Speculation,
    speculation_of,
)
from solver.errors import InstanceError
from solver.instance.domain import (
    DesignSpace,
    Draft,
    Limits,
    Machine,
    Performance,
    ReplicaInstance,
    Rules,
)
from solver.lowering.space import lower_replica
from solver.performance.power import host_watts
from solver.report.economics_speculation import (
    print_speculation,
    render_speculation,
    speculation_csv,
    speculation_lines,
)

F = Fraction
CATALOG = shipped_catalog()
H100 = CATALOG.accelerators["H100 SXM"]
BATCHES = (1, 16, 128, 512)


@cache
def question(acceptance: str = "0.8", degrees: tuple[int, ...] = (2, 4)) -> ReplicaInstance:
    """Llama 70B in FP8 with an 8B draft under the published model, at 512 tokens of context."""
    return ReplicaInstance(
        name="small",
        title="",
        model=CATALOG.models["Llama-3.1-70B"],
        context_tokens=512,
        machines=(Machine(H100, Price("H100 SXM", "", F(3), "", "")),),
        design=DesignSpace(degrees, (), (1,), (1,), (1,), BATCHES, (8,), (8,)),
        limits=Limits(),
        rules=Rules(),
        performance=Performance(flop_efficiency=F(7, 10), hbm_efficiency=F(3, 4)),
        draft=Draft(CATALOG.models["Llama-3.1-8B"], F(acceptance), (0, 2, 4), 8, (1,)),
    )


@cache
def found() -> Speculation:
    (entry,) = speculation_of(question())
    return entry


def test_the_least_cost_and_energy_are_those_of_plain_loops() -> None:
    space = lower_replica(question())
    cost: dict[tuple[int, int], Fraction] = {}
    joules: dict[tuple[int, int], Fraction] = {}
    host_w = host_watts(H100, None)
    for family in space.families:
        for row in range(family.shape[0]):
            for column, batch in enumerate(family.batches.tolist()):
                at = ([row], [column])
                if not family.fits(*map(_index, at))[0]:
                    continue
                latency = int(family.latency_ps(*map(_index, at))[0])
                power = family.power_mw(*map(_index, at), host_w=host_w)
                assert power is not None
                key = batch, family.draft_tokens
                usd = space.cost(family, row, column, latency)
                energy = F(int(power[0]) * latency, 10**15 * batch)
                cost[key] = min(cost.get(key, usd), usd)
                joules[key] = min(joules.get(key, energy), energy)
    told = {
        (at.batch, entry.tokens): (entry.usd_per_mtok, entry.j_per_token)
        for at in found().batches
        for entry in at.lengths
    }
    assert told == {key: (cost[key], joules[key]) for key in cost}


def _index(values: list[int]):  # type: ignore[no-untyped-def]
    import numpy as np

    return np.array(values)


def test_a_draft_halves_the_cost_of_one_user() -> None:
    at = found().at(1)
    assert at is not None
    ratio = at.cost_ratio()
    assert ratio is not None
    assert F(45, 100) < ratio < F(55, 100)


def test_no_draft_pays_once_arithmetic_is_what_a_step_waits_for() -> None:
    assert found().stops_paying_in_cost == 512
    assert found().stops_paying_in_energy == 512


def test_the_gain_shrinks_as_the_batch_grows() -> None:
    ratios = [at.cost_ratio() for at in found().batches]
    assert None not in ratios
    assert ratios == sorted(ratios, key=lambda ratio: ratio or 0)


def test_the_best_length_shrinks_to_none() -> None:
    lengths = [at.best_by_cost() for at in found().batches]
    assert lengths[0] == 4
    assert lengths[-1] == 0


def test_a_draft_that_is_always_refused_pays_at_no_batch() -> None:
    (entry,) = speculation_of(question("0"))
    assert entry.stops_paying_in_cost == 1
    assert speculation_lines(entry)[0] == "A draft pays in cost at no batch."


def test_other_lengths_than_those_of_the_question_may_be_asked_for() -> None:
    (entry,) = speculation_of(question(), lengths=(1,))
    assert [told.tokens for told in entry.batches[0].lengths] == [0, 1]


def test_a_speed_that_is_asked_for_leaves_out_slower_designs() -> None:
    asked = replace(question(), limits=Limits(min_speed_tok_per_s=F(100)))
    (entry,) = speculation_of(asked)
    at = entry.at(1)
    assert at is not None
    # Two or four devices make no 100 tokens/s without a draft in these bounds of degrees.
    speeds = {e.tokens: None if e.latency_ps is None else 1e12 / e.latency_ps for e in at.lengths}
    assert all(speed is None or speed >= 100 for speed in speeds.values())
    assert speeds[4] is not None


def test_a_machine_of_unknown_power_tells_cost_alone() -> None:
    plain = Machine(replace(H100, power=None), Price("H100 SXM", "", F(3), "", ""))
    (entry,) = speculation_of(replace(question(), machines=(plain,)))
    assert not entry.knows_energy
    assert entry.stops_paying_in_energy is None
    assert entry.stops_paying_in_cost == 512


def test_a_question_without_a_draft_is_told() -> None:
    with pytest.raises(InstanceError, match="the question has no draft"):
        speculation_of(replace(question(), draft=None))


def test_a_draft_of_length_zero_alone_is_told() -> None:
    with pytest.raises(InstanceError, match="the only draft length on offer is 0"):
        speculation_of(question(), lengths=(0,))


def by_hand(*ratios: str) -> Speculation:
    """Batches 1, 2, 4 ... with a draft of these costs to that without."""
    return Speculation(
        "box",
        "draft",
        F(1, 2),
        tuple(
            DraftsAtBatch(
                2**k, (LengthAtBatch(0, F(1), 1, None), LengthAtBatch(1, F(ratio), 1, None))
            )
            for k, ratio in enumerate(ratios)
        ),
    )


@pytest.mark.parametrize(
    ("ratios", "stops"),
    [
        (("1/2", "2", "1/2"), None),
        (("1/2", "1", "2"), 2),
        (("1/2", "2", "1/2", "2"), 8),
        (("1", "1"), 1),
    ],
)
def test_a_draft_stops_paying_where_it_never_pays_again(
    ratios: tuple[str, ...], stops: int | None
) -> None:
    assert by_hand(*ratios).stops_paying_in_cost == stops


def test_of_equal_lengths_the_shortest_is_best() -> None:
    assert by_hand("1").batches[0].best_by_cost() == 0


def test_the_table_tells_the_batch_of_the_turn() -> None:
    stream = io.StringIO()
    print_speculation([found()], Console(file=stream, width=120))
    text = stream.getvalue()
    assert "A draft pays in cost no more from batch 512 on." in text
    assert "80.0 % of drafted tokens accepted" in text


def test_the_csv_has_a_row_for_every_batch_and_length() -> None:
    rows = list(csv.DictReader(io.StringIO(speculation_csv([found()]))))
    assert len(rows) == len(BATCHES) * 3
    drafted = next(row for row in rows if row["batch"] == "1" and row["drafted tokens"] == "4")
    at = found().at(1)
    assert at is not None
    assert float(drafted["cost to that without a draft"]) == float(at.cost_ratio(4) or 0)


@pytest.mark.parametrize(("form", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_the_plot_is_a_file_of_its_kind(form: str, magic: bytes) -> None:
    assert render_speculation([found()], form).startswith(magic)  # type: ignore[arg-type]


def test_nothing_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="no machine to draw"):
        render_speculation([], "png")
