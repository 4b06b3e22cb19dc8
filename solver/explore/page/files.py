"""Files to take away: addresses under ``/download`` that answer with one file of one scenario."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import flask

from solver.errors import FleetError
from solver.explore import downloads
from solver.explore.session import SCENARIOS, Session

__all__ = ["serve_files"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 80

_MAKERS: Mapping[str, tuple[Callable[[Mapping[str, Any]], bytes], str, str]] = {
    "json": (downloads.json_bytes, ".result.json", "application/json"),
    "csv": (downloads.csv_bytes, ".csv", "text/csv; charset=utf-8"),
    "xlsx": (
        downloads.xlsx_bytes,
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "png": (downloads.png_bytes, ".png", "image/png"),
    # Sent as a file to keep, never shown under this address.
    "html": (downloads.html_bytes, ".html", "text/html; charset=utf-8"),
}


def serve_files(server: flask.Flask, session: Session) -> None:
    """Answer ``/download/SCENARIO/WHAT`` with the file, or a sentence saying why not."""

    def download(scenario: str, what: str) -> flask.Response:
        if scenario not in SCENARIOS or what not in {"question", *_MAKERS}:
            return _sentence(404, "There is no such file.")
        state = session.state(scenario)
        stem = f"{_stem(session)}-{scenario}"
        try:
            if what == "question":
                text = session.toml_text(state.changes)
                kind = "application/json" if session.suffix == ".json" else "application/toml"
                return _file(text.encode(), f"{stem}{session.suffix}", kind)
            if state.document is None:
                return _sentence(409, "There is no answer yet. Wait until it is solved.")
            make, ending, kind = _MAKERS[what]
            if state.shown != state.changes:
                # It must not pass for an answer to the question that is asked now.
                stem += "-before-change"
            return _file(make(state.document), f"{stem}{ending}", kind)
        except FleetError as error:
            return _sentence(409, "\n".join(str(fault) for fault in error.faults))

    server.add_url_rule("/download/<scenario>/<what>", view_func=download)


def _stem(session: Session) -> str:
    """A name for files, of letters that every system takes; the title of a file may hold any."""
    return (
        _UNSAFE.sub("-", session.source.rsplit(".", 1)[0]).strip("-.")[:_LONGEST_NAME]
        or "fleetfront"
    )


def _file(data: bytes, name: str, kind: str) -> flask.Response:
    answer = flask.Response(data, content_type=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _sentence(status: int, text: str) -> flask.Response:
    return flask.Response(text + "\n", status=status, mimetype="text/plain")
