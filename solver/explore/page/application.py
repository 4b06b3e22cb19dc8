"""The page as one application of Dash, everything it needs served by itself."""

from __future__ import annotations

import html
import logging
import re
from typing import Any

from dash import Dash

from solver.explore.page.address import is_loopback
from solver.explore.page.files import serve_files
from solver.explore.page.frame import frame
from solver.explore.page.guard import content_security_policy, guard
from solver.explore.page.reactions import react
from solver.explore.page.server import MOST_REQUEST_BYTES
from solver.explore.session import Session

__all__ = ["build_application"]

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
{%css%}
</head>
<body>
<noscript>This page needs JavaScript; 'fleetfront solve --report page.html' writes one that does
without.</noscript>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>
"""


# Parts of Dash that this page has no use for: two thirds of its scripts, and a second of loading.
# One that were needed after all would be fetched when it is.
_UNUSED = re.compile(
    r"<script[^>]*/(?:dash_table/|dcc/async-(?:mathjax|highlight|markdown|datepicker|upload|slider))"
    r"[^>]*></script>"
)


class _Page(Dash):
    """Dash without the scripts of components that the page does not have."""

    def interpolate_index(self, *given: Any, **parts: Any) -> Any:
        parts["scripts"] = _UNUSED.sub("", parts["scripts"])
        return super().interpolate_index(*given, **parts)  # type: ignore[no-untyped-call]


def build_application(session: Session, *, host: str = "127.0.0.1") -> Dash:
    """The page for ``session``, guarded for being served at ``host``."""
    app = _Page(
        __name__,
        title=f"{_title(session)} - fleetfront",
        update_title="",
        index_string=_PAGE,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
        ],
        # Everything at once: the chart is what the page is for.
        eager_loading=True,
        serve_locally=True,
        assets_folder="assets",
        enable_mcp=False,
        # The controls depend on the question.
        suppress_callback_exceptions=True,
        add_log_handler=False,
    )
    app.logger.setLevel(logging.ERROR)
    app.server.config["MAX_CONTENT_LENGTH"] = MOST_REQUEST_BYTES
    others = not is_loopback(host)
    app.layout = lambda: frame(session, open_to_others=others)
    react(app, session)
    serve_files(app.server, session)
    guard(app.server, host=host, policy=content_security_policy(app.csp_hashes()))
    return app


def _title(session: Session) -> str:
    """The title as Dash may write it into the page, which it does as it stands.

    Dash fills in its own fields after the title, so ``{%scripts%}`` in a title would be one.
    """
    return html.escape(session.title).replace("{", "&#123;")
