from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from formulations.placement.chain_labels import nondominated_chains
from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of
from formulations.placement.chain_problem import (
    ChainOption,
    ChainProblem,
    ChainSetting,
    SharedLink,
)

_OPTION = ChainOption(
    name="a",
    orbit=0,
    price=7,
    hbm_bytes=100,
    layer_time_ps=(10, 20),
    layer_bytes=(30, 45),
    fixed_bytes=(10, 10),
)


def _problem(option: ChainOption = _OPTION) -> ChainProblem:
    return ChainProblem(
        name="p",
        layers=4,
        count=np.array([2]),
        settings=(ChainSetting(1, 3), ChainSetting(2, 1)),
        options=(option,),
        hand_over_ps=np.array([[[5, 2], [1, 0]], [[6, 3], [2, 0]]]),
        linked=np.ones((2, 2), dtype=np.bool_),
    )


def test_a_chain_takes_its_stages_and_all_hand_overs() -> None:
    # 1 in, 2 layers of 10 and 5 onward, 2 layers of 10 and 2 out.
    plan = ChainPlan((ChainStage(0, 0, 2), ChainStage(0, 0, 2)))
    assert value_of(_problem().tables(0), plan).latency == 1 + 20 + 5 + 20 + 2


def test_the_slowest_stage_paces_all_microbatches_in_flight_with_its_hand_over() -> None:
    plan = ChainPlan((ChainStage(0, 0, 2), ChainStage(0, 0, 2)))
    assert value_of(_problem().tables(0), plan).pace == 3 * (20 + 5)


def test_times_are_those_of_the_setting() -> None:
    plan = ChainPlan((ChainStage(0, 0, 2), ChainStage(0, 0, 2)))
    assert value_of(_problem().tables(1), plan) == (2 + 40 + 6 + 40 + 3, 46, 14)


def test_a_stage_holds_the_layers_that_fit_beside_the_fixed_part() -> None:
    problem = _problem()
    assert problem.tables(0).most_layers.tolist() == [3]
    assert problem.tables(1).most_layers.tolist() == [2]


def test_an_option_whose_fixed_part_does_not_fit_holds_nothing() -> None:
    option = replace(_OPTION, fixed_bytes=(101, 10))
    assert not _problem(option).tables(0).allowed.any()


def test_layers_without_memory_all_fit() -> None:
    option = replace(_OPTION, layer_bytes=(0, 0))
    assert _problem(option).tables(0).most_layers.tolist() == [4]


def test_a_time_of_thirteen_days_is_refused() -> None:
    option = replace(_OPTION, layer_time_ps=(2**59, 1))
    with pytest.raises(ValueError, match="3 in flight can take"):
        _problem(option).tables(0)


def test_a_problem_without_options_has_no_chain() -> None:
    tables = replace(_problem(), options=()).tables(0)
    assert nondominated_chains(tables, joint=True, priced=True) == []


def test_a_setting_without_sequences_is_refused() -> None:
    with pytest.raises(ValueError, match="1 microbatches of 0 sequences"):
        ChainSetting(0, 1)


def test_an_option_with_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="a: a number is negative"):
        replace(_OPTION, hbm_bytes=-1)


def test_an_option_for_other_settings_is_refused() -> None:
    option = replace(_OPTION, layer_time_ps=(1,), layer_bytes=(1,), fixed_bytes=(1,))
    with pytest.raises(ValueError, match="settings differ in number"):
        _problem(option)


def test_hand_overs_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="hand_over_ps has shape"):
        replace(_problem(), hand_over_ps=np.zeros((1, 2, 2), dtype=np.int64))


def _shared() -> ChainProblem:
    """A link that is busy for 7 with a hand-over at the first setting, and never at the second."""
    busy = np.zeros((2, 2, 2), dtype=np.int64)
    busy[0, 0, 0] = 7
    return replace(_problem(), shared=(SharedLink("s", busy),))


def test_a_shared_link_is_busy_with_every_microbatch_in_flight() -> None:
    tables = _shared().tables(0)
    assert [(trunk.name, trunk.pace(7 + 7)) for trunk in tables.trunks] == [("s", 3 * 14)]


def test_a_shared_link_that_no_hand_over_keeps_busy_is_no_trunk() -> None:
    assert _shared().tables(1).trunks == ()


def test_limits_of_price_and_hosts_are_those_of_the_tables() -> None:
    tables = replace(_problem(), max_price=20, max_hosts=2).tables(0)
    assert (tables.max_price, tables.max_hosts) == (20, 2)


def test_a_shared_link_of_another_shape_is_refused() -> None:
    link = SharedLink("s", np.zeros((1, 2, 2), dtype=np.int64))
    with pytest.raises(ValueError, match="p, s: busy_ps has"):
        replace(_problem(), shared=(link,))


def test_prices_without_a_unit_are_refused() -> None:
    with pytest.raises(ValueError, match="0 price units a dollar"):
        replace(_problem(), price_per_usd=0)


def test_a_host_that_holds_all_layers_keeps_room_for_what_it_holds_alone() -> None:
    option = replace(_OPTION, hbm_bytes=130, alone_bytes=(1, 0))
    assert [option.most_layers(0, 4), option.most_layers(0, 5)] == [3, 4]


def test_an_option_holds_no_more_layers_than_it_may() -> None:
    assert replace(_OPTION, max_layers=2).most_layers(0, 4) == 2
