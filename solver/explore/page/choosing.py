"""What the page does when a point is chosen: on the chart, in the list of points, or step by step.

A tab may have been opened before this program was, so what it names need not be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash
from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update

from solver.explore.page.answers import Document, plan_parts, point_rows
from solver.explore.page.rows import rows_of
from solver.explore.session import SCENARIOS, Session

__all__ = ["choose_points", "documents_of"]


def choose_points(app: Dash, session: Session) -> None:
    """Register what a click on a point does, and the list of all points."""
    _choose(app, session)
    _list_points(app, session)


def _choose(app: Dash, session: Session) -> None:
    @app.callback(
        Output("chosen", "data", allow_duplicate=True),
        Input("chart", "clickData"),
        Input("asked-point", "data"),
        Input("previous", "n_clicks"),
        Input("next", "n_clicks"),
        State("chosen", "data"),
        State("compared", "value"),
        prevent_initial_call=True,
    )
    def choose(
        clicked: Mapping[str, Any] | None,
        asked: Mapping[str, Any] | None,
        _previous: int | None,
        _next: int | None,
        chosen: Mapping[str, Any] | None,
        compared: list[str],
    ) -> Any:
        documents = documents_of(session, compared)
        by = dash.ctx.triggered_id
        if by == "chart" and clicked:
            scenario, index = clicked["points"][0]["customdata"]
        elif by == "asked-point" and asked:
            scenario, index = asked["scenario"], asked["index"]
        elif chosen:
            step = 1 if by == "next" else -1
            scenario, index = chosen["scenario"], chosen["index"] + step
        else:
            return no_update
        if scenario not in documents or not _is_place(index, documents[scenario]):
            return no_update
        points = rows_of(documents[scenario]).points
        return {"scenario": scenario, "index": index, "values": list(points[index].values)}

    @app.callback(
        Output("plan-title", "children"),
        Output("plan", "children"),
        Output("previous", "disabled"),
        Output("next", "disabled"),
        Input("chosen", "data"),
    )
    def show(chosen: Mapping[str, Any] | None) -> tuple[Any, ...]:
        document = None
        if chosen is not None and chosen["scenario"] in SCENARIOS:
            document = session.state(chosen["scenario"]).document
        if chosen is None or document is None or not _is_place(chosen["index"], document):
            return "Plan", [html.P("There is no point to show a plan of.")], True, True
        title, body = plan_parts(document, chosen["index"], chosen["scenario"])
        last = len(document["points"]) - 1
        return title, body, chosen["index"] == 0, chosen["index"] == last


def _list_points(app: Dash, session: Session) -> None:
    """The table of points, sent again only for another answer or scenario."""

    @app.callback(
        Output("listed", "data"),
        Input("chosen", "data"),
        State("listed", "data"),
    )
    def listed(chosen: Mapping[str, Any] | None, shown: Mapping[str, Any] | None) -> Any:
        if chosen is None or chosen["scenario"] not in SCENARIOS:
            return None
        name = chosen["scenario"]
        state = session.state(name)
        answer = [name, state.revision, state.status]
        if state.document is None or (shown and shown["answer"] == answer):
            return no_update
        return point_rows(rows_of(state.document), name) | {"answer": answer}

    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("points", "show"),
        Output("marked", "data"),
        Input("listed", "data"),
        Input("chosen", "data"),
    )


def documents_of(session: Session, compared: list[str] | None) -> dict[str, Document]:
    """The answers that are shown, by scenario."""
    names = SCENARIOS if compared else SCENARIOS[:1]
    found = {name: session.state(name).document for name in names}
    return {name: document for name, document in found.items() if document is not None}


def _is_place(index: Any, document: Document) -> bool:
    return isinstance(index, int) and 0 <= index < len(document["points"])
