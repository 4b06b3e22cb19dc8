from __future__ import annotations

import os
import signal
import socket
import threading

import flask
import pytest

from solver.errors import OutputError
from solver.explore.page.server import MOST_REQUEST_BYTES, address_of, listen, serve


def test_a_port_that_is_taken_gives_way_to_a_free_one() -> None:
    with listen(host="127.0.0.1", port=0) as taken:
        port = taken.getsockname()[1]
        with listen(host="127.0.0.1", port=port) as other:
            assert other.getsockname()[1] != port


def test_the_address_names_the_port_that_was_found() -> None:
    with listen(host="127.0.0.1", port=0) as listening:
        port = listening.getsockname()[1]
        addresses = [
            address_of(listening, host=host) for host in ("localhost", "0.0.0.0", "::1", "[::1]")
        ]
    assert addresses == [
        f"http://localhost:{port}/", f"http://127.0.0.1:{port}/", f"http://[::1]:{port}/",
        f"http://[::1]:{port}/",
    ]  # fmt: skip


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
    serve(flask.Flask("x"), listening, started=asker.start)
    asker.join()
    assert answers[0].startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("host", ["203.0.113.7", "no such name", "a" * 70 + ".example"])
def test_an_address_that_is_not_ours_is_refused_with_a_cure(host: str) -> None:
    with pytest.raises(OutputError, match="Name an address of this machine"):
        listen(host=host, port=0)


def test_a_request_to_end_ends_serving_and_gives_the_signal_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    listening = listen(host="127.0.0.1", port=0)
    serve(flask.Flask("x"), listening, started=lambda: signal.raise_signal(signal.SIGTERM))
    assert signal.getsignal(signal.SIGTERM) is before
    assert listening.fileno() == -1
