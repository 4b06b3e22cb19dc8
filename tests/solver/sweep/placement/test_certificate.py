from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from solver.errors import ResultError
from solver.instance.placement.domain import LevelRounding, PlacementLimits
from solver.placement_api import solve_placement_question, verify_placement_document
from solver.result import canonical_digest
from solver.sweep.checking import NotChecked
from tests.solver.sweep.placement.questions import measured, priced

Document = dict[str, Any]


def _document(instance: Any) -> Document:
    told: Document = json.loads(solve_placement_question(instance).to_json())
    return told


_COST = _document(priced())
_FLOW = _document(measured(trade_off=("throughput",)))
_SEVERAL = _document(measured(replicas="several"))
_COARSE = LevelRounding(bytes_per_s=(9 * 10**9, 2 * 10**10), latency_ps=(0, 2 * 10**7))
_BRACKET = _document(priced(rounding=_COARSE))
_CONFLICT = _document(priced(limits=PlacementLimits(min_speed_tok_per_s=Fraction(5000))))
_ALL = {
    "cost": _COST,
    "flow": _FLOW,
    "several": _SEVERAL,
    "bracket": _BRACKET,
    "conflict": _CONFLICT,
}


def _tampered(document: Document, change: Callable[[Document], object]) -> Document:
    """A changed copy whose digest is right."""
    told = copy.deepcopy(document)
    change(told)
    told["digest"] = canonical_digest(told)
    return told


def _failed(document: Document, **options: Any) -> set[str]:
    found = verify_placement_document(document, **options)
    return {check.name for check in found.checks if not check.passed}


@pytest.mark.parametrize("name", list(_ALL))
def test_a_result_as_it_was_written_passes(name: str) -> None:
    assert verify_placement_document(_ALL[name]).passed


@pytest.mark.parametrize("name", list(_ALL))
def test_a_result_as_it_was_written_is_proved_again(name: str) -> None:
    found = verify_placement_document(_ALL[name], reprove=True)
    assert found.passed
    assert not any(isinstance(check, NotChecked) for check in found.checks)


def test_what_rests_on_labels_is_not_checked() -> None:
    found = verify_placement_document(_COST)
    assert [check.name for check in found.checks if isinstance(check, NotChecked)] == ["claims"]


def test_a_bound_in_integers_is_checked_without_an_engine() -> None:
    found = verify_placement_document(_FLOW)
    assert not any(isinstance(check, NotChecked) for check in found.checks)


def test_a_changed_byte_breaks_the_digest() -> None:
    told = copy.deepcopy(_COST)
    told["provenance"]["solves"] = 7
    assert _failed(told) == {"digest"}


def test_another_question_is_refused() -> None:
    assert _failed(_COST, instance=priced(throughput=True)) == {"instance"}


def _faster(told: Document) -> None:
    told["points"][0]["exact"]["latency_ps"] -= 1


def _cheaper(told: Document) -> None:
    told["points"][0]["exact"]["cost"] = "1/9"


def _shown_otherwise(told: Document) -> None:
    told["points"][0]["objectives"]["speed"] *= 2


def _host_twice(told: Document) -> None:
    stages = told["points"][0]["design"]["stages"]
    stages.append(dict(stages[0]))


def _moved_layer(told: Document) -> None:
    told["points"][0]["design"]["stages"][0]["layers"] -= 1


def _renamed_host(told: Document) -> None:
    told["points"][0]["design"]["stages"][0]["host"] = "nobody"


def _another_degree(told: Document) -> None:
    told["points"][0]["design"]["stages"][0]["tensor_parallel"] = 16


def _busier_link(told: Document) -> None:
    told["points"][0]["design"]["links"][0]["busy_fraction"] = 0.5


def _no_stage(told: Document) -> None:
    told["points"][0]["design"]["stages"] = []


def _odd_stage(told: Document) -> None:
    told["points"][0]["design"]["stages"][0] = 3


def _swapped(told: Document) -> None:
    told["points"].reverse()


def _left_out(told: Document) -> None:
    del told["points"][1]


def _unclaimed(told: Document) -> None:
    del told["claims"][1]


def _claimed_twice(told: Document) -> None:
    told["claims"].append(told["claims"][0])


def _wider_claim(told: Document) -> None:
    told["claims"][1]["latency_ps_below"] += 1


def _stranger(told: Document) -> None:
    told["claims"][0]["engine"] = "oracle"


def _complete(told: Document) -> None:
    told["status"] = "partial"


def _ideal(told: Document) -> None:
    told["ideal"]["exact"]["latency_ps"] -= 1


@pytest.mark.parametrize(
    "change",
    [
        _faster, _cheaper, _shown_otherwise, _host_twice, _moved_layer, _renamed_host,
        _another_degree, _busier_link, _no_stage, _odd_stage, _swapped, _left_out, _unclaimed,
        _claimed_twice, _wider_claim, _stranger, _complete, _ideal,
    ],
)  # fmt: skip
def test_a_changed_result_is_refused(change: Callable[[Document], object]) -> None:
    assert _failed(_tampered(_COST, change))


def _another_seed(told: Document) -> None:
    told["provenance"]["seed"] += 1


def _closed_otherwise(told: Document) -> None:
    """In all places at once, so that nothing but the labels' own way gives it away."""
    for claim in told["claims"]:
        claim["closed_by"] = "bound"
    for point in told["points"]:
        point["proof"]["closed_by"] = "bound"


def _with_facts(told: Document) -> None:
    told["claims"][-1]["facts"]["note"] = 1


def _conflict_all_the_same(told: Document) -> None:
    told["conflict"] = _CONFLICT["conflict"]


@pytest.mark.parametrize(
    "change", [_another_seed, _closed_otherwise, _with_facts, _conflict_all_the_same]
)
def test_what_does_not_belong_is_refused(change: Callable[[Document], object]) -> None:
    assert _failed(_tampered(_COST, change))


def _no_limit(told: Document) -> None:
    told["conflict"] = []


def _limit_twice(told: Document) -> None:
    told["conflict"].append(told["conflict"][0])


def _strange_limit(told: Document) -> None:
    told["conflict"][0]["limit"] = "max_watts"


def _stated_otherwise(told: Document) -> None:
    told["conflict"][0]["stated"] += 1


def _needed_otherwise(told: Document) -> None:
    told["conflict"][0]["needed"] += 1


def _needed_unreadable(told: Document) -> None:
    told["conflict"][0]["needed_exact"] = "1/0"


def _needed_is_narrower(told: Document) -> None:
    told["conflict"][0].update(needed=6000.0, needed_exact="6000")


def _odd_unit(told: Document) -> None:
    told["conflict"][0]["unit"] = "usd"


def _odd_key(told: Document) -> None:
    told["conflict"][0]["extra"] = 1


def _odd_set(told: Document) -> None:
    told["conflict"][0]["set"] = "least"


def _text_of_another(told: Document) -> None:
    told["conflict"][0]["text"] = "max_hosts: 3 stated"


@pytest.mark.parametrize(
    "change",
    [
        _no_limit, _limit_twice, _strange_limit, _stated_otherwise, _needed_otherwise,
        _needed_unreadable, _needed_is_narrower, _odd_unit, _odd_key, _odd_set, _text_of_another,
    ],
)  # fmt: skip
def test_a_conflict_that_contradicts_itself_is_refused(
    change: Callable[[Document], object],
) -> None:
    assert _failed(_tampered(_CONFLICT, change)) == {"limits in conflict"}


def _other_needed(told: Document) -> None:
    told["conflict"][0].update(needed=2.0, needed_exact="2")


def _other_text(told: Document) -> None:
    told["conflict"][0]["text"] += "!"


@pytest.mark.parametrize("change", [_other_needed, _other_text])
def test_a_conflict_is_worked_out_again_word_by_word(change: Callable[[Document], object]) -> None:
    told = _tampered(_CONFLICT, change)
    assert verify_placement_document(told).passed
    assert _failed(told, reprove=True) == {"conflict worked out again"}


def _lower_bound(told: Document) -> None:
    """The plan would be proved although the worths prove less."""
    told["points"][0]["proof"]["worth"] = told["claims"][0]["facts"]["worth"] = [1, 1]


def _more_flow(told: Document) -> None:
    told["points"][0]["design"]["flows"][0]["tok_per_s"] += 1


def _higher_rate(told: Document) -> None:
    told["points"][0]["exact"]["throughput"] = "52"


@pytest.mark.parametrize("change", [_lower_bound, _more_flow, _higher_rate])
def test_a_changed_flow_is_refused(change: Callable[[Document], object]) -> None:
    assert _failed(_tampered(_FLOW, change))


def _same_hosts(told: Document) -> None:
    replicas = told["points"][-1]["design"]["replicas"]
    replicas[1] = replicas[0]


def _no_replica(told: Document) -> None:
    told["points"][-1]["design"]["replicas"] = []


@pytest.mark.parametrize("change", [_same_hosts, _no_replica])
def test_changed_replicas_are_refused(change: Callable[[Document], object]) -> None:
    assert _failed(_tampered(_SEVERAL, change)) == {"designs replayed"}


def _tighter(told: Document) -> None:
    told["bracket_exact"][0]["latency_ps"] *= 2
    told["bracket"][0]["speed"] /= 2


def test_a_bracket_that_a_point_beats_is_refused() -> None:
    assert "bracket" in _failed(_tampered(_BRACKET, _tighter))


def _hidden_point(document: Document) -> Document:
    """The answer of one who never looked beyond one host: well-formed, but not complete."""
    limited = _document(priced(limits=PlacementLimits(max_usd_per_hour=Fraction(1))))
    return _tampered(
        document,
        lambda told: told.update(
            {key: limited[key] for key in ("points", "claims", "open_boxes", "ideal", "nadir")}
        ),
    )


def test_a_missing_point_is_found_only_by_proving_again() -> None:
    told = _hidden_point(_COST)
    assert verify_placement_document(told).passed
    assert _failed(told, reprove=True) == {"closed again by another road"}


def test_something_else_is_no_result() -> None:
    with pytest.raises(ResultError):
        verify_placement_document({"kind": "fleet"})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ResultError, match="damaged"):
        verify_placement_document({**_COST, "extra": 1})
