"""What the page does when something is changed or solved: the callbacks.

The session holds what is true: what is asked, how far it is, what the answer is. A tab asks for it
and draws what it has not drawn yet, so two tabs of one session show the same.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import dash
from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from solver.explore.page.answers import (
    comparison_parts,
    figure_of,
    nearest,
    outcome_parts,
)
from solver.explore.page.chart import Axes, first_axes
from solver.explore.page.choosing import choose_points, documents_of
from solver.explore.page.fields import changes_in, fault_texts, held
from solver.explore.page.rows import rows_of
from solver.explore.page.standing import fault_list, progress_line, standing_sentence
from solver.explore.session import SCENARIOS, Session
from solver.explore.views import FrontierRows

__all__ = ["react"]

_STANDING = ("standing", "progress", "faults")


def react(app: Dash, session: Session) -> None:
    """Register every callback of the page."""
    _watch(app, session)
    _draw(app, session)
    choose_points(app, session)
    if session.controls:
        for name in SCENARIOS:
            _ask(app, session, name)
            _cancel(app, session, name)
            _fill(app, session, name)
        _compare(app, session)


def _ask(app: Dash, session: Session, name: str) -> None:
    @app.callback(
        Output(f"asked-{name}", "data"),
        Output("chart-box", "className", allow_duplicate=True),
        Input(f"wanted-{name}", "data"),
        prevent_initial_call=True,
    )
    def ask(wanted: object) -> tuple[Any, Any]:
        changes = changes_in(wanted)
        state = session.state(name)
        if changes == dict(state.changes) and state.status not in ("cancelled", "failed"):
            # Typed and taken back, or another tab has asked this already. What was stopped, or
            # whose process ended, is asked again by a reset.
            return no_update, no_update
        session.ask(name, changes)
        return session.state(name).revision, "chart waiting"


def _cancel(app: Dash, session: Session, name: str) -> None:
    @app.callback(
        Output(f"cancel-{name}", "disabled"),
        Input(f"cancel-{name}", "n_clicks"),
        prevent_initial_call=True,
    )
    def cancel(_clicks: int) -> bool:
        session.cancel(name)
        return False


def _fill(app: Dash, session: Session, name: str) -> None:
    """Keep the fields true: faults where they belong, and what another tab has asked."""

    @app.callback(
        Output(f"held-{name}", "data"),
        Input("answers", "data"),
        Input("returned", "data"),
        Input(f"asked-{name}", "data"),
    )
    def fill(answers: object, *_others: object) -> dict[str, Any]:
        # An answer brings faults; what is typed meanwhile must stay. B may have been copied from A.
        written = dash.ctx.triggered_id in {None, "returned"} or answers is None
        copied = name == "B" and dash.ctx.triggered_id == "asked-B"
        return held(session.controls, name, session.state(name), write=written or copied)

    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("controls", "fill"),
        Output(f"filled-{name}", "data"),
        Input(f"held-{name}", "data"),
        State("controls", "data"),
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("controls", "reset_all"),
        Output(f"filled-{name}", "data", allow_duplicate=True),
        Input(f"reset-{name}", "n_clicks"),
        State(f"reset-{name}", "value"),
        prevent_initial_call=True,
    )


def _compare(app: Dash, session: Session) -> None:
    @app.callback(
        Output("panels-box", "className"),
        Output("panel-shown", "value"),
        Output("asked-B", "data", allow_duplicate=True),
        Input("compared", "value"),
        prevent_initial_call=True,
    )
    def compare(compared: list[str]) -> tuple[Any, ...]:
        if not compared:
            return "row hidden", "A", no_update
        if session.state("B").revision == 0:
            session.ask("B", dict(session.state("A").changes))
        return "row", "B", session.state("B").revision

    @app.callback(
        Output("panel-A", "className"),
        Output("panel-B", "className"),
        Input("panel-shown", "value"),
    )
    def show_panel(name: str) -> tuple[str, str]:
        return ("", "hidden") if name == "A" else ("hidden", "")


def _watch(app: Dash, session: Session) -> None:
    """How far solving is; answers are told apart by revision and status.

    It is called several times a second, so it changes a handful of elements and no field: with
    hundreds of controls those would keep the browser from answering.
    """
    outputs = [Output(f"{part}-{name}", "children") for name in SCENARIOS for part in _STANDING]
    buttons = [Output(f"cancel-{name}", "className") for name in SCENARIOS]

    @app.callback(
        *outputs,
        *buttons,
        Output("answers", "data"),
        Output("chart-box", "className", allow_duplicate=True),
        Output("tick", "disabled"),
        # Asked again after every question, so that no answer of before can stop the looking.
        *(Input(f"asked-{name}", "data") for name in SCENARIOS),
        Input("tick", "n_intervals"),
        Input("returned", "data"),
        State("answers", "data"),
        prevent_initial_call="initial_duplicate",
    )
    def watch(*given: Any) -> list[Any]:
        drawn: Mapping[str, Any] | None = given[-1]
        states = {name: session.state(name) for name in SCENARIOS}
        now = {name: [state.revision, state.status] for name, state in states.items()}
        solving = any(state.status == "solving" for state in states.values())
        parts: list[Any] = []
        for name, state in states.items():
            fresh = drawn is None or drawn[name] != now[name]
            _, homeless = fault_texts(session.controls, state.faults)
            parts += [
                standing_sentence(state) if fresh else no_update,
                progress_line(state),
                fault_list(homeless) if fresh else no_update,
            ]
        return [
            *parts,
            *("" if state.status == "solving" else "hidden" for state in states.values()),
            no_update if drawn == now else now,
            # It is dimmed until the new answer is not only there but drawn.
            "chart waiting" if solving else no_update,
            not solving,
        ]


def _draw(app: Dash, session: Session) -> None:
    """Draw the answers that ``watch`` saw: chart, what they mean, how they differ."""

    @app.callback(
        Output("chosen", "data"),
        Output("outcome", "children"),
        Output("comparison", "children"),
        Output("comparison-box", "className"),
        *(Output(f"{part}-B", "className") for part in ("box", "downloads")),
        Output("axes", "className"),
        Output("axis-x", "options"),
        Output("axis-y", "options"),
        Output("axis-x", "value"),
        Output("axis-y", "value"),
        Input("answers", "data"),
        Input("compared", "value"),
        State("chosen", "data"),
        State("axis-x", "value"),
    )
    def draw(
        _answers: Mapping[str, Any] | None,
        compared: list[str],
        chosen: Mapping[str, Any] | None,
        axis: int | None,
    ) -> tuple[Any, ...]:
        documents = documents_of(session, compared)
        both = len(documents) == len(SCENARIOS)
        outcome = [part for name in documents for part in outcome_parts(name, documents[name])]
        shown = "" if compared else " hidden"
        views = {name: rows_of(document) for name, document in documents.items()}
        view = next(iter(views.values()), None)
        options = _axis_options(view)
        axes = (no_update, no_update) if view is None or axis is not None else first_axes(view)
        # The point that is chosen stays the one closest to it, in the scenario it was chosen in.
        name = chosen["scenario"] if chosen and chosen["scenario"] in views else "A"
        choice = _choice(views, name, chosen)
        return (
            choice,
            outcome,
            comparison_parts(documents["A"], documents["B"]) if both else [],
            f"comparison{'' if both else ' hidden'}",
            f"scenario-standing b{shown}",
            f"downloads{shown}",
            "tools" if len(options) > 2 else "tools hidden",
            options,
            options,
            *axes,
        )

    @app.callback(
        Output("chart", "figure"),
        Output("chart-box", "className"),
        Input("chosen", "data"),
        Input("axis-x", "value"),
        Input("axis-y", "value"),
        Input("scale", "value"),
        State("compared", "value"),
    )
    def chart(
        chosen: Mapping[str, Any] | None,
        x: int | None,
        y: int | None,
        scale: str,
        compared: list[str],
    ) -> Any:
        documents = documents_of(session, compared)
        drawable = any(document["points"] for document in documents.values())
        if drawable and (x is None or y is None):
            return no_update, no_update
        solving = any(session.state(name).status == "solving" for name in SCENARIOS)
        place = "chart" if drawable or not documents else "chart hidden"
        figure = figure_of(documents, Axes(x or 0, y or 0, scale), chosen)
        return figure, "chart waiting" if solving else place


def _choice(
    views: Mapping[str, FrontierRows], name: str, chosen: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    index = nearest(views[name], chosen) if name in views else None
    if index is None:
        return None
    return {
        "scenario": name, "index": index, "values": list(views[name].points[index].values),
        # Another answer may have the same point at the same place: it is still to be drawn.
        "at": time.monotonic_ns(),
    }  # fmt: skip


def _axis_options(view: FrontierRows | None) -> list[dict[str, Any]]:
    if view is None:
        return []
    return [{"label": entry.name, "value": at} for at, entry in enumerate(view.objectives)]
