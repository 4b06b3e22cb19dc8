"""A scenario with workers that end, hang and answer late; test_session has the real process."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from solver.errors import Fault
from solver.explore.scenario import Scenario, ScenarioState
from solver.explore.worker import Answered, Loaded, Order, Progressed, Refused

GRACE_S = 0.2
LONG_S = 20.0


def order(revision: int) -> Order:
    return Order(revision, Path("question.toml"), {}, "")


class Process:
    """What of a process is asked of a worker here."""

    exitcode = -9

    def join(self) -> None:
        """It has ended already."""


class Puppet:
    """A worker whose words a test says for it."""

    def __init__(self, *, loaded: bool) -> None:
        self.connection, self.there = Pipe()
        self.process = Process()
        self.stopped = 0
        self.ended = False
        if loaded:
            self.there.send(Loaded())

    def ask(self, asked: Order) -> None:
        self.connection.send(asked)

    def stop(self, revision: int) -> None:
        self.stopped = revision

    def end(self) -> None:
        self.ended = True
        self.connection.close()

    def heard(self) -> Order:
        assert self.there.poll(LONG_S)
        found: Order = self.there.recv()
        return found

    def answers(self, revision: int, status: str = "complete") -> None:
        document = json.dumps({"status": status, "points": [revision]})
        self.there.send(Answered(revision, document.encode()))


class Stage:
    """A scenario and the workers that it started, one after the other."""

    def __init__(self, *, loaded: bool = True) -> None:
        self.loaded = loaded
        self.puppets: list[Puppet] = []
        self.answered = threading.Event()
        self.scenario = Scenario(
            "A",
            self._start,
            grace_s=GRACE_S,
            on_answer=self.answered.set,
        )

    def _start(self) -> Any:
        self.puppets.append(Puppet(loaded=self.loaded))
        return self.puppets[-1]

    def puppet(self, place: int = 0) -> Puppet:
        self.wait(lambda: len(self.puppets) > place)
        return self.puppets[place]

    def ask(self, **changes: str) -> None:
        self.scenario.ask(changes, order, ())

    @property
    def state(self) -> ScenarioState:
        return self.scenario.state()

    def wait(self, met: Callable[[], bool]) -> None:
        until = time.monotonic() + LONG_S
        while not met():
            assert time.monotonic() < until, self.state
            time.sleep(0.002)

    def until(self, status: str) -> ScenarioState:
        self.wait(lambda: self.state.status == status)
        return self.state


@contextmanager
def staged(*, loaded: bool = True) -> Iterator[Stage]:
    stage = Stage(loaded=loaded)
    try:
        yield stage
    finally:
        stage.scenario.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    with staged() as found:
        yield found


def test_nothing_is_asked_at_first(stage: Stage) -> None:
    assert (stage.state.status, stage.state.revision, stage.state.document) == ("idle", 0, None)


def test_an_answer_is_shown_with_the_changes_it_answers(stage: Stage) -> None:
    stage.ask(price="2")
    stage.puppet().answers(stage.puppet().heard().revision)
    state = stage.until("done")
    assert state.document == {"status": "complete", "points": [1]}
    assert state.shown == {"price": "2"}
    assert stage.answered.wait(LONG_S)


def test_progress_is_told(stage: Stage) -> None:
    stage.ask()
    stage.puppet().there.send(Progressed(stage.puppet().heard().revision, 3, 7))
    stage.wait(lambda: (stage.state.done, stage.state.to_do) == (3, 7))
    assert stage.state.elapsed_s > 0


def test_the_last_thing_asked_is_what_is_solved(stage: Stage) -> None:
    for price in ("1", "2", "3"):
        stage.ask(price=price)
    puppet = stage.puppet()
    first = puppet.heard()
    if first.revision < 3:
        stage.wait(lambda: puppet.stopped == first.revision)
        puppet.answers(first.revision, "partial")
        assert puppet.heard().revision == 3
    puppet.answers(3)
    assert stage.until("done").shown == {"price": "3"}
    assert stage.state.document == {"status": "complete", "points": [3]}


def test_an_overtaken_answer_is_never_shown(stage: Stage) -> None:
    stage.ask(price="1")
    stage.puppet().heard()
    stage.ask(price="2")
    stage.puppet().answers(1)
    stage.puppet().heard()
    assert (stage.state.status, stage.state.document) == ("solving", None)


def test_cancelling_keeps_what_was_found(stage: Stage) -> None:
    stage.ask()
    stage.puppet().heard()
    stage.scenario.cancel()
    stage.wait(lambda: stage.puppet().stopped == 1)
    stage.puppet().answers(1, "partial")
    assert stage.until("cancelled").document == {"status": "partial", "points": [1]}
    assert not stage.puppet().ended


def test_an_answer_that_was_complete_when_it_was_cancelled_is_done(stage: Stage) -> None:
    stage.ask()
    stage.puppet().heard()
    stage.scenario.cancel()
    stage.puppet().answers(1)
    assert stage.until("done").document == {"status": "complete", "points": [1]}


def test_a_worker_that_does_not_stop_is_ended_and_the_last_answer_stays(stage: Stage) -> None:
    stage.ask(price="1")
    stage.puppet().answers(stage.puppet().heard().revision)
    stage.until("done")
    stage.ask(price="2")
    stage.puppet().heard()
    stage.scenario.cancel()
    state = stage.until("cancelled")
    assert stage.puppet().ended
    assert (state.document, state.shown) == (
        {"status": "complete", "points": [1]},
        {"price": "1"},
    )
    assert "did not stop within 0.2 s" in str(state.faults[0])


def test_what_is_asked_after_a_hung_worker_goes_to_a_new_one(stage: Stage) -> None:
    stage.ask(price="1")
    stage.puppet().heard()
    stage.ask(price="2")
    second = stage.puppet(1)
    assert second.heard().revision == 2
    second.answers(2)
    assert stage.until("done").shown == {"price": "2"}


def test_a_worker_that_dies_is_a_fault_with_a_cure(stage: Stage) -> None:
    stage.ask()
    stage.puppet().heard()
    stage.puppet().there.close()
    fault = stage.until("failed").faults[0]
    assert "ended by signal 9" in fault.what
    assert fault.mend.startswith("Ask again")


def test_after_a_worker_died_the_next_question_is_answered(stage: Stage) -> None:
    stage.ask()
    stage.puppet().heard()
    stage.puppet().there.close()
    stage.until("failed")
    stage.ask(price="9")
    stage.puppet(1).answers(stage.puppet(1).heard().revision)
    assert stage.until("done").shown == {"price": "9"}


def test_a_worker_that_dies_with_nothing_to_do_is_not_started_over_and_over(stage: Stage) -> None:
    stage.puppet().there.close()
    time.sleep(0.1)
    assert len(stage.puppets) == 1
    stage.ask()
    assert stage.puppet(1).heard().revision == 1


def test_a_refusal_leaves_the_last_answer(stage: Stage) -> None:
    stage.ask()
    stage.puppet().answers(stage.puppet().heard().revision)
    stage.until("done")
    stage.ask()
    stage.puppet().there.send(Refused(stage.puppet().heard().revision, (Fault("a", "b", "c"),)))
    state = stage.until("failed")
    assert state.faults == (Fault("a", "b", "c"),)
    assert state.document == {"status": "complete", "points": [1]}


def test_what_is_refused_before_it_is_asked_stops_what_runs(stage: Stage) -> None:
    stage.ask()
    stage.puppet().heard()
    stage.scenario.ask({"price": "x"}, order, (Fault("Price", "is odd", "Mend it"),))
    assert stage.state.status == "failed"
    stage.wait(lambda: stage.puppet().stopped == 1)
    stage.puppet().answers(1)
    time.sleep(0.05)
    assert (stage.state.status, stage.state.document) == ("failed", None)


def test_asking_never_waits(stage: Stage) -> None:
    start = time.monotonic()
    for place in range(50):
        stage.ask(price=str(place))
    assert time.monotonic() - start < 0.2


def test_closing_ends_the_worker() -> None:
    with staged() as stage:
        stage.ask()
        stage.puppet().heard()
    assert stage.puppet().ended


def test_what_is_cancelled_while_the_worker_loads_ends_at_once_and_spares_the_worker() -> None:
    with staged(loaded=False) as stage:
        stage.ask(price="1")
        stage.scenario.cancel()
        assert stage.state.status == "cancelled"
        stage.ask(price="2")
        stage.puppet().there.send(Loaded())
        assert stage.puppet().heard().revision == 2
        assert not stage.puppet().ended


def test_only_the_last_thing_asked_while_the_worker_loads_is_handed_on() -> None:
    with staged(loaded=False) as stage:
        for price in ("1", "2", "3"):
            stage.ask(price=price)
        stage.puppet().there.send(Loaded())
        assert stage.puppet().heard().revision == 3


def test_a_worker_that_dies_while_it_loads_is_a_fault_and_no_loop() -> None:
    with staged(loaded=False) as stage:
        stage.ask()
        stage.puppet().there.close()
        assert "ended by signal 9" in stage.until("failed").faults[0].what
        time.sleep(0.05)
        assert len(stage.puppets) == 1
        stage.ask()
        stage.puppet(1)


def test_a_machine_without_room_for_a_process_is_told_and_asked_again() -> None:
    begun: list[Puppet] = []
    refusals = [OSError(11, "Resource temporarily unavailable")] * 2

    def start() -> Any:
        if refusals:
            raise refusals.pop()
        begun.append(Puppet(loaded=True))
        return begun[-1]

    scenario = Scenario("A", start, grace_s=GRACE_S)
    until = time.monotonic() + LONG_S
    try:
        while len(refusals) > 1:
            assert time.monotonic() < until
            time.sleep(0.002)
        scenario.ask({}, order, ())
        while scenario.state().status == "solving":
            assert time.monotonic() < until
            time.sleep(0.002)
        (fault,) = scenario.state().faults
        assert "no process can be started" in fault.what
        scenario.ask({}, order, ())
        while not begun:
            assert time.monotonic() < until
            time.sleep(0.002)
    finally:
        scenario.close()


def test_asking_after_closing_is_no_fault() -> None:
    with staged() as stage:
        stage.puppet()
        stage.ask()
    stage.ask()
    stage.scenario.cancel()
