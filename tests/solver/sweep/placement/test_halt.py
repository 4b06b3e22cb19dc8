from __future__ import annotations

import os
import signal
import threading
import time

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


def test_ctrl_c_makes_a_search_hear_that_it_is_over() -> None:
    halt = Halt()
    begun = threading.Event()

    def search() -> None:
        begun.set()
        while not halt():
            time.sleep(0.005)

    def press() -> None:
        begun.wait()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    halt.run(search)
    assert halt.reason() == "interrupted"
