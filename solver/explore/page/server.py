"""Serving the page: the socket, the address that is printed, and a clean end."""

from __future__ import annotations

import errno
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import flask
from waitress.server import create_server

from solver.errors import OutputError

__all__ = ["MOST_REQUEST_BYTES", "address_of", "listen", "serve"]

MOST_REQUEST_BYTES = 16_000_000
"""The page sends a few fields at a time."""
_THREADS = 8
"""A tab that solves asks several times a second; a download must not wait for it."""


def listen(*, host: str, port: int) -> socket.socket:
    """Bind ``host`` and ``port``; a free port where that one is taken, or where it is 0.

    Raises
    ------
    OutputError
        If the address is not one of this machine, or the port needs rights.
    """
    host = host.strip("[]")
    try:
        family, _, _, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server((str(place[0]), int(place[1])), family=family)
    except (OSError, UnicodeError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE and port:
            return listen(host=host, port=0)
        raise OutputError.one(
            f"cannot be served there ({getattr(error, 'strerror', None) or error})",
            where=f"--host {host} --port {port}",
            mend="Name an address of this machine and a port from 1024 to 65535: "
            "fleetfront explore --host 127.0.0.1 --port 8050",
        ) from error


def address_of(listening: socket.socket, *, host: str) -> str:
    """The address to open, with the name that was asked for."""
    port = listening.getsockname()[1]
    # Every address is none that a browser can open.
    host = host.strip("[]")
    name = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def serve(server: flask.Flask, listening: socket.socket, *, started: Callable[[], Any]) -> None:
    """Answer requests until Ctrl-C or a request to end (SIGTERM); ``started`` is called first."""
    # A queue of requests is no fault: the page asks again.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    loop = create_server(
        server,
        sockets=[listening],
        threads=_THREADS,
        ident=None,
        # Nothing longer is taken in, not even into a temporary file.
        max_request_body_size=MOST_REQUEST_BYTES,
    )
    with _ended_by(signal.SIGTERM):
        try:
            started()
            loop.run()
        except (KeyboardInterrupt, SystemExit):
            # Before the loop has begun, waitress does not catch it.
            pass
        finally:
            loop.close()


@contextmanager
def _ended_by(number: signal.Signals) -> Iterator[None]:
    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, end)
    try:
        yield
    finally:
        signal.signal(number, before)
