"""Who may talk to the page, and what the page may do: checks of requests, headers of answers.

A page on the loopback address is still reachable by every site open in the same browser: by a
name that is made to resolve to 127.0.0.1 (DNS rebinding), and by forms sent across origins. So the
``Host`` must be a name of this machine's own loopback, or the one that was asked for, and a
request that changes something must come from the page itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import flask

from solver.explore.page.address import is_loopback

__all__ = ["content_security_policy", "guard"]

_NETLOC = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.IGNORECASE)
"""A name or address and a port, as a browser sends it: no user, no path."""


def content_security_policy(script_hashes: Sequence[str]) -> str:
    """The policy of the page: nothing from elsewhere, and no script but those it was built with.

    Parameters
    ----------
    script_hashes
        Of Dash's own inline scripts, as ``Dash.csp_hashes`` gives them.

    Notes
    -----
    Plotly writes its rules into a style element, hence ``unsafe-inline`` for styles alone.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(script_hashes)}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def guard(server: flask.Flask, *, host: str, policy: str) -> None:
    """Check every request to ``server``, and send ``policy`` with every answer.

    Parameters
    ----------
    host
        The name or address that the page is served at; ``0.0.0.0`` and ``::`` stand for every
        address of this machine, whose names are not known, so any is let through.
    """
    anywhere = host in {"0.0.0.0", "::", ""}

    def known(netloc: str) -> bool:
        match = _NETLOC.fullmatch(netloc)
        if match is None:
            return False
        name = match[1].strip("[]").lower()
        return anywhere or is_loopback(name) or name == host.strip("[]").lower()

    def check() -> flask.Response | None:
        asked = flask.request
        netloc = asked.headers.get("Host", "")
        if not known(netloc):
            return _refusal(400, "This page answers only to its own address.")
        origin = asked.headers.get("Origin")
        if asked.method in {"GET", "HEAD"}:
            return None
        foreign = origin is not None and origin.lower() not in _origins(netloc)
        if foreign or asked.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return _refusal(403, "Only the page itself may change what is asked.")
        return None

    def seal(answer: flask.Response) -> flask.Response:
        answer.headers["Content-Security-Policy"] = policy
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["X-Frame-Options"] = "DENY"
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        return answer

    server.before_request(check)
    server.after_request(seal)


def _origins(netloc: str) -> tuple[str, ...]:
    """The origins of a page at ``netloc``; whoever puts it behind a proxy may serve it by TLS."""
    return f"http://{netloc.lower()}", f"https://{netloc.lower()}"


def _refusal(status: int, sentence: str) -> flask.Response:
    return flask.Response(sentence + "\n", status=status, mimetype="text/plain")
