from __future__ import annotations

import os
import signal
import socket
import threading

import flask
import pytest

from solver.explore.page.address import listen
from solver.explore.page.ending import until_ended
from solver.explore.page.server import MOST_REQUEST_BYTES, serve


def test_a_request_longer_than_any_of_the_page_is_not_taken_in() -> None:
    listening = listen(host="127.0.0.1", port=0)
    sent = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {MOST_REQUEST_BYTES + 1}\r\n\r\n"
    answers: list[bytes] = []

    def ask() -> None:
        with socket.create_connection(listening.getsockname()) as asking:
            asking.sendall(sent.encode())
            # Until the other side hangs up.
            while part := asking.recv(1000):
                answers.append(part)
        os.kill(os.getpid(), signal.SIGTERM)

    asker = threading.Thread(target=ask)
    with until_ended():
        asker.start()
        serve(flask.Flask("x"), listening)
    asker.join()
    assert answers[0].startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_end_ends_serving_and_gives_the_signal_back(number: signal.Signals) -> None:
    before = signal.getsignal(signal.SIGTERM)
    listening = listen(host="127.0.0.1", port=0)

    def end_when_served() -> None:
        with socket.create_connection(listening.getsockname()) as asking:
            asking.sendall(b"GET / HTTP/1.0\r\n\r\n")
            # Until the other side hangs up.
            while asking.recv(1000):
                pass
        os.kill(os.getpid(), number)

    ending = threading.Thread(target=end_when_served)
    with until_ended():
        ending.start()
        serve(flask.Flask("x"), listening)
    ending.join()
    assert signal.getsignal(signal.SIGTERM) is before
    assert listening.fileno() == -1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_end_before_anything_is_served_is_no_fault(number: signal.Signals) -> None:
    before = signal.getsignal(signal.SIGTERM)
    reached = False
    with until_ended():
        signal.raise_signal(number)
        reached = True
    assert not reached
    assert signal.getsignal(signal.SIGTERM) is before
