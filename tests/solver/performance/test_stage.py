"""A step shared out over layers in whole picoseconds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.catalog import shipped_catalog
from solver.errors import InstanceError
from solver.performance.stage import shared_out_ps

H100 = shipped_catalog().accelerator("H100 SXM")
LAYERS = st.integers(1, 200)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=4), LAYERS, st.sampled_from((1, 1000)))
def test_layers_together_take_the_step_up_to_a_picosecond_each(
    steps: list[int], layers: int, resolution_ps: int
) -> None:
    shares = shared_out_ps(
        [step * resolution_ps / 1e12 for step in steps],
        layers=layers,
        accelerator=H100,
        resolution_ps=resolution_ps,
    )
    for step, share in zip(steps, shares, strict=True):
        # A float just above a whole unit is rounded up to the next.
        assert 0 <= layers * share - step * resolution_ps < layers + resolution_ps


def test_a_step_is_rounded_up_to_the_resolution_first() -> None:
    (fine,) = shared_out_ps([1.2e-9], layers=4, accelerator=H100)
    (coarse,) = shared_out_ps([1.2e-9], layers=4, accelerator=H100, resolution_ps=1000)
    assert (fine, coarse) == (300, 500)


@pytest.mark.parametrize("step_s", [4504.0, float("inf")])
def test_a_step_of_over_an_hour_is_refused_by_the_accelerators_name(step_s: float) -> None:
    with pytest.raises(InstanceError, match=r"'H100 SXM'.*longer than an hour"):
        shared_out_ps([1e-3, step_s], layers=2, accelerator=H100)
