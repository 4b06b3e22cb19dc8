"""``fleetfront explore``: a local page to explore a frontier."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from solver.cli.exits import COMPLETE

if TYPE_CHECKING:
    from solver.explore.session import Session

__all__ = ["explore_command"]


def explore_command(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[INSTANCE | RESULT]",
            help="A question (TOML, or a fleet in columns as JSON) or a result; without one, the "
            "question of 'fleetfront init'.",
        ),
    ] = None,
    instance: Annotated[
        Path | None,
        typer.Option(help="The question that RESULT answers, so that it can be changed."),
    ] = None,
    host: Annotated[str, typer.Option(help="Name or address to serve at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 is any; a free one if taken.")
    ] = 8050,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
) -> int:
    """Explore a frontier on a local page: change prices, demand and limits, and see it re-solved.

    Ends with Ctrl-C. Example: fleetfront explore instances/replica/llama-3.1-70b-fp8-h100.toml
    """
    _check_extra()
    # The process that solves starts first, and gets ready while the page is built.
    from solver.explore.worker import Worker

    begun = Worker()
    try:
        from solver.explore.session import Session

        session = Session.open(file, instance=instance, begun=begun)
    except BaseException:
        begun.end()
        raise
    try:
        return _serve(session, host=host, port=port, browser=browser)
    finally:
        session.close()


def _serve(session: Session, *, host: str, port: int, browser: bool) -> int:
    if session.controls and session.state("A").document is None:
        session.ask("A", {})
    from solver.explore.page.address import address_of, is_loopback, listen
    from solver.explore.page.ending import until_ended

    listening = listen(host=host, port=port)
    address = address_of(listening, host=host)
    if not is_loopback(host):
        print(
            f"--host {host}: anyone who reaches this port can use the page and read what it shows. "
            "Leave out --host to serve this machine alone.",
            file=sys.stderr,
        )
    with listening, until_ended():
        print(f"fleetfront explore: {address} (Ctrl-C ends it)", flush=True)
        if browser and _has_display():
            import webbrowser

            webbrowser.open(address)
        # What the page is built with takes a while to load; meanwhile a browser opens and waits.
        from solver.explore.page.application import build_application
        from solver.explore.page.server import serve

        serve(build_application(session, host=host).server, listening)
    return COMPLETE


def _check_extra() -> None:
    from importlib.util import find_spec

    from solver.errors import FleetError

    missing = [name for name in ("dash", "waitress") if find_spec(name) is None]
    if missing:
        raise FleetError.one(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed",
            where="fleetfront explore",
            mend="Install with: pip install 'fleetfront[explore]'",
        )


def _has_display() -> bool:
    """Whether a browser could show anything: elsewhere than on Linux there is always a screen."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
