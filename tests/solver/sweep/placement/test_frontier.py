from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from formulations.placement.chain_plan import ChainPlan, ChainStage, violations
from solver.engines.contract import SolveResult, Termination
from solver.engines.cp_sat import CpSatEngine
from solver.instance.placement.domain import LevelRounding, PlacementInstance, PlacementLimits
from solver.sweep.placement import chains as chains_module
from solver.sweep.placement.chain_space import Chains
from solver.sweep.placement.frontier import answer_chains, chain_space_of
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.image import Image, undominated
from solver.sweep.placement.outcome import PlacementAnswer
from tests.solver.sweep.placement.questions import GB, measured, priced, star


def _images(answer: PlacementAnswer) -> list[Image]:
    return [point.image for point in answer.points]


def _plain(instance: PlacementInstance) -> list[Image]:
    """The frontier by listing every order of hosts, option and split of the layers."""
    chains = Chains(chain_space_of(instance))
    found: list[Image] = []
    for setting in range(chains.n_settings):
        tables = chains.tables(setting)
        pieces = [
            ChainStage(int(tables.orbit[k]), k, n)
            for k in range(tables.n_options)
            for n in range(1, tables.layers + 1)
        ]
        for size in range(1, tables.layers + 1):
            for stages in itertools.product(pieces, repeat=size):
                plan = ChainPlan(stages)
                if sum(s.layers for s in stages) == tables.layers and not violations(tables, plan):
                    found.append(chains.image(setting, plan))
    found = [image for image in found if chains.allows(image)]
    return [found[place] for place in undominated(found)]


_QUESTIONS = {
    "cost": priced(),
    "rate": priced(throughput=True),
    "measured": measured(),
    "least speed": priced(limits=PlacementLimits(min_speed_tok_per_s=Fraction(1000))),
    "most cost": priced(limits=PlacementLimits(max_cost_usd_per_mtok=Fraction(1, 10))),
    "one host": priced(limits=PlacementLimits(max_hosts=1)),
    "cheap hosts": priced(limits=PlacementLimits(max_usd_per_hour=Fraction(1))),
}


@pytest.mark.parametrize("formulation", ["labels", "circuit"])
@pytest.mark.parametrize("name", list(_QUESTIONS))
def test_the_frontier_is_that_of_listing_every_chain(name: str, formulation: str) -> None:
    instance = _QUESTIONS[name]
    answer = answer_chains(instance, formulation=formulation)
    assert answer.status == "complete"
    assert _images(answer) == _plain(instance)


def test_every_strip_of_a_complete_answer_is_claimed() -> None:
    answer = answer_chains(priced())
    assert len(answer.claims) == len(answer.points) + 1


def test_a_search_that_is_told_to_stop_is_partial() -> None:
    answer = answer_chains(priced(), halt=Halt(asked=lambda: True))
    assert answer.status == "partial"
    assert {region.reason for region in answer.open_regions} == {"stopped by the user"}


def test_a_search_without_time_is_partial() -> None:
    answer = answer_chains(priced(), halt=Halt(deadline=0.0))
    assert {region.reason for region in answer.open_regions} == {"time limit"}


def test_too_few_labels_leave_the_answer_partial_and_its_points_valid() -> None:
    answer = answer_chains(priced(), most_labels=0)
    assert answer.status == "partial"
    assert "labels" in answer.open_regions[0].reason


def test_a_model_that_no_chain_holds_is_infeasible() -> None:
    small = star([("low", "l4", 1, 2 * GB, "1/3")])
    assert answer_chains(priced(topology=small)).status == "infeasible"


class _Failing(CpSatEngine):
    """Stops without an answer at one of its solves."""

    left = 0

    def minimise(self, objective, *, upper, time_limit_s=None):  # type: ignore[no-untyped-def]
        type(self).left -= 1
        if type(self).left < 0:
            return SolveResult(Termination.OTHER, None, None, None, 0.0, "broke", self.name)
        return super().minimise(objective, upper=upper, time_limit_s=time_limit_s)


@pytest.mark.parametrize("nth", range(7))
def test_an_engine_that_fails_at_any_solve_leaves_the_answer_partial(
    nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = _images(answer_chains(measured()))
    _Failing.left = nth
    monkeypatch.setattr(chains_module, "get_engine", lambda _: _Failing())
    answer = answer_chains(measured(), formulation="circuit")
    assert answer.status == "partial"
    assert set(_images(answer)) <= set(complete)


def test_an_engine_that_does_not_fail_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _Failing.left = 100
    monkeypatch.setattr(chains_module, "get_engine", lambda _: _Failing())
    assert answer_chains(measured(), formulation="circuit").status == "complete"


def test_levels_that_links_stand_on_leave_no_gap() -> None:
    levels = LevelRounding(bytes_per_s=(10**10,), latency_ps=(5 * 10**6, 10**7))
    answer = answer_chains(priced(rounding=levels))
    assert answer.status == "complete"
    assert list(answer.bracket or ()) == _images(answer)


def test_coarse_levels_bracket_the_frontier() -> None:
    levels = LevelRounding(bytes_per_s=(9 * 10**9, 2 * 10**10), latency_ps=(0, 2 * 10**7))
    answer = answer_chains(priced(rounding=levels))
    assert answer.status == "partial"
    for image in _images(answer_chains(priced())):
        assert any(all(a <= b for a, b in zip(o, image, strict=True)) for o in answer.bracket or ())


def test_progress_reaches_its_end() -> None:
    seen: list[tuple[int, int]] = []
    answer_chains(priced(), on_progress=lambda done, todo: seen.append((done, todo)))
    assert seen[-1][0] == seen[-1][1]
