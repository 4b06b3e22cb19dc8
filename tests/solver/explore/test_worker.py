"""What the process does, in this process."""

from __future__ import annotations

import hashlib
import json
import signal
import threading
from collections.abc import Iterator, Mapping
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import solver.api
from solver.explore.worker import Answered, Loaded, Order, Progressed, Refused, serve
from tests.solver.explore.asked import FLEET, README, answer


@pytest.fixture(autouse=True)
def _interrupts_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def order(path: Path = README, revision: int = 1, **settings: Any) -> Order:
    return Order(revision, path, settings, hashlib.sha256(path.read_bytes()).hexdigest())


def served(*orders: Order, stopped: int = 0, rehearsal: Order | None = None) -> list[Any]:
    """Everything that is said until the last of the orders is answered."""
    here, there = Pipe()
    words: list[Any] = []

    def asks() -> None:
        for asked in orders:
            here.send(asked)
            while True:
                words.append(here.recv())
                if not isinstance(words[-1], Loaded | Progressed):
                    break
        here.close()

    asking = threading.Thread(target=asks)
    asking.start()
    serve(there, SimpleNamespace(value=stopped), rehearsal)
    asking.join()
    there.close()
    return words


def document_of(word: Any) -> Mapping[str, Any]:
    assert isinstance(word, Answered)
    found: Mapping[str, Any] = json.loads(word.document)
    return found


def test_an_order_is_answered_with_the_document_of_solve() -> None:
    document = document_of(served(order())[-1])
    assert document["points"] == answer("replica/llama-3.1-70b-fp8-h100")["points"]


def test_progress_comes_before_the_answer() -> None:
    words = served(order(FLEET))
    assert isinstance(words[0], Loaded)
    assert isinstance(words[1], Progressed)
    assert words[1].revision == words[-1].revision == 1


def test_settings_are_laid_over_the_file() -> None:
    document = document_of(served(order(**{"limits.max_devices": 4}))[-1])
    assert max(point["design"]["devices"] for point in document["points"]) == 4


def test_a_fault_of_the_reader_is_handed_on() -> None:
    word = served(order(**{"limits.max_devices": -4}))[-1]
    assert isinstance(word, Refused)
    assert "limits.max_devices" in word.faults[0].where


def test_after_a_fault_the_next_order_is_answered() -> None:
    words = served(order(**{"limits.max_devices": -4}), order(revision=2))
    assert isinstance(words[-1], Answered)


def test_an_order_that_is_not_wanted_any_more_ends_partial() -> None:
    assert document_of(served(order(FLEET), stopped=1)[-1])["status"] == "partial"


def test_a_question_beyond_the_memory_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def solve(*_given: Any, **_named: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(solver.api, "solve", solve)
    word = served(order())[-1]
    assert isinstance(word, Refused)
    assert "memory" in word.faults[0].what


def test_a_rehearsal_is_not_answered() -> None:
    words = served(order(), rehearsal=order(revision=0))
    assert [word.revision for word in words if isinstance(word, Answered)] == [1]


def test_a_faulty_rehearsal_does_no_harm() -> None:
    faulty = order(revision=0, **{"limits.max_devices": -4})
    assert isinstance(served(order(), rehearsal=faulty)[-1], Answered)
