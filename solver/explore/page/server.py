"""Serving the page: the socket, the address that is printed, and a clean end."""

from __future__ import annotations

import errno
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import flask
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server

from solver.errors import OutputError

__all__ = ["address_of", "listen", "serve"]

_THREADS = 8
"""A tab that solves asks several times a second; a download must not wait for it."""


def listen(server: flask.Flask, *, host: str, port: int) -> BaseWSGIServer | MultiSocketServer:
    """Bind ``host`` and ``port``; a free port where that one is taken, or where it is 0.

    Raises
    ------
    OutputError
        If the address is not one of this machine, or the port needs rights.
    """
    # A queue of requests is no fault: the page asks again.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        return _bind(server, host, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE or port == 0:
            raise OutputError.one(
                f"cannot be served there ({error.strerror or error})",
                where=f"--host {host} --port {port}",
                mend="Name an address of this machine and a port from 1024 to 65535: "
                "fleetfront explore --host 127.0.0.1 --port 8050",
            ) from error
    return listen(server, host=host, port=0)


def _bind(server: flask.Flask, host: str, port: int) -> BaseWSGIServer | MultiSocketServer:
    try:
        return create_server(
            server,
            host=host,
            port=port,
            threads=_THREADS,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
    except ValueError as error:
        # How waitress says that a name does not resolve.
        raise OSError(None, str(error)) from error


def address_of(listening: BaseWSGIServer | MultiSocketServer, *, host: str) -> str:
    """The address to open: of the first socket, with the name that was asked for."""
    if isinstance(listening, MultiSocketServer):
        port = listening.effective_listen[0][1]
    else:
        port = listening.effective_port
    # Every address is none that a browser can open.
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def serve(listening: BaseWSGIServer | MultiSocketServer, *, started: Callable[[], Any]) -> None:
    """Answer requests until Ctrl-C or a request to end (SIGTERM); ``started`` is called first."""
    with _ended_by(signal.SIGTERM):
        try:
            started()
            listening.run()
        except (KeyboardInterrupt, SystemExit):
            # Before the loop has begun, waitress does not catch it.
            pass
        finally:
            listening.close()


@contextmanager
def _ended_by(number: signal.Signals) -> Iterator[None]:
    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, end)
    try:
        yield
    finally:
        signal.signal(number, before)
