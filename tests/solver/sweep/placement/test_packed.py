from __future__ import annotations

from fractions import Fraction
from typing import Any

from solver.sweep.placement.frontier import answer_chains
from solver.sweep.placement.halt import Halt
from solver.sweep.placement.packed import answer_packed
from solver.sweep.placement.replayed import DesignReader
from tests.solver.sweep.placement.questions import GB, measured, star


def _hosts(design: Any) -> list[str]:
    return [stage["host"] for one in design["replicas"] for stage in one["stages"]]


def test_replicas_stand_on_hosts_of_their_own() -> None:
    for point in answer_packed(measured(replicas="several")).points:
        assert len(_hosts(point.design)) == len(set(_hosts(point.design)))


def test_one_replica_is_never_faster_together_than_the_packing() -> None:
    packed = answer_packed(measured(replicas="several"))
    assert packed.status == "complete"
    for point in answer_chains(measured()).points:
        assert any(
            other.image[0] <= point.image[0] and other.image[1] <= point.image[1]
            for other in packed.points
        )


def test_two_hosts_that_hold_all_layers_make_two_replicas() -> None:
    network = star([(f"a-{n}", "fast", 1, 4 * GB, "1") for n in range(2)])
    answer = answer_packed(measured(topology=network, replicas="several"))
    assert max(-point.image[1] for point in answer.points) >= 2 * 20 * 10**6
    assert any(len(point.design["replicas"]) == 2 for point in answer.points)


def test_a_packing_that_is_told_to_stop_is_partial() -> None:
    answer = answer_packed(measured(replicas="several"), halt=Halt(asked=lambda: True))
    assert answer.status == "partial"
    assert all(region.reason for region in answer.open_regions)


def test_a_link_that_replicas_overfill_together_is_told() -> None:
    network = star([(f"a-{n}", "fast", 1, 4 * GB, "1") for n in range(2)], rate=60)
    reader = DesignReader(measured(topology=network, replicas="several"))
    stage = {"tensor_parallel": None, "layers": 4}
    design = {
        "replicas": [
            {"stages": [{"host": f"a-{n}", **stage}], "microbatch": 4, "in_flight": 1}
            for n in range(2)
        ]
    }
    # Each replica sends 2 x 20 bytes/s through the gateway's link of 60.
    image, faults = reader.replayed(design)
    assert -Fraction(image[1]) == 40 * 10**6
    assert len(faults) == 2
    assert "gw-leaf" in faults[0]
