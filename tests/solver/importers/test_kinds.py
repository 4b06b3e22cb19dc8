"""An option that a kind of file makes no use of is refused, for it would be lost unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from solver.errors import InstanceError
from solver.importers.answering import FLAGS
from solver.importers.findings import Answers
from solver.importers.kinds import KINDS, check_taken

EVERY = Answers(**dict.fromkeys(FLAGS, "1"))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_kind_takes_its_options_and_no_others(kind: str) -> None:
    takes = {"name", "question", *KINDS[kind].takes}
    others = {field for field in FLAGS if field not in takes}
    with pytest.raises(InstanceError) as caught:
        check_taken(KINDS[kind], EVERY)
    assert {fault.where for fault in caught.value.faults} == {FLAGS[field] for field in others}
    check_taken(KINDS[kind], replace(EVERY, **dict.fromkeys(others)))


def test_the_cure_names_the_option_or_the_kind_that_was_meant() -> None:
    with pytest.raises(InstanceError, match="Give --stock-devices"):
        check_taken(KINDS["nvidia-smi"], Answers(devices="8"))
    with pytest.raises(InstanceError, match="goes with import vllm, sglang, aiperf"):
        check_taken(KINDS["kubectl"], Answers(layout="TP2"))


def test_every_option_is_taken_by_some_kind() -> None:
    assert {field for kind in KINDS.values() for field in kind.takes} >= set(FLAGS) - {
        "name",
        "question",
    }
