from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from solver.sweep.placement import halt as halt_module
from solver.sweep.placement.halt import Halt


def test_nothing_asked_never_stops() -> None:
    assert not Halt()()
    assert Halt().left_s is None


def test_the_clock_stops_it() -> None:
    halt = Halt.after(1e-9, None)
    time.sleep(0.001)
    assert halt.reason() == "time limit"


def test_the_user_stops_it() -> None:
    assert Halt(asked=lambda: True).reason() == "stopped by the user"


def test_ctrl_c_makes_a_search_hear_that_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(solve: Callable[[], object], cancel: Callable[[], object]) -> bool:
        """Cancels from elsewhere while the search runs, as Ctrl-C does."""
        threading.Timer(0.02, cancel).start()
        solve()
        return True

    monkeypatch.setattr(halt_module, "run_interruptibly", pressed)
    halt = Halt()
    end_s = time.monotonic() + 30.0

    def search() -> None:
        while not halt() and time.monotonic() < end_s:
            time.sleep(0.005)

    halt.run(search)
    assert halt.reason() == "interrupted"
