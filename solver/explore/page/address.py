"""Where the page is served: the socket, and the address that a browser opens.

It needs no library of the page, so the address is told, and a browser opens it, while those load.
"""

from __future__ import annotations

import errno
import ipaddress
import socket

from solver.errors import OutputError

__all__ = ["address_of", "is_loopback", "listen"]


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


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``, a name or an address."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
