"""Serving the page: the requests that a socket brings."""

from __future__ import annotations

import logging
import socket

import flask
from waitress.server import create_server

__all__ = ["MOST_REQUEST_BYTES", "serve"]

MOST_REQUEST_BYTES = 16_000_000
"""The page sends a few fields at a time."""
_THREADS = 8
"""A tab that solves asks several times a second; a download must not wait for it."""


def serve(server: flask.Flask, listening: socket.socket) -> None:
    """Answer requests until Ctrl-C; requests that have come before wait in line."""
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
    try:
        loop.run()
    finally:
        loop.close()
