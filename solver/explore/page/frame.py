"""The frame of the page: where everything stands before there is an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from solver.explore.page.attributes import label
from solver.explore.page.chart import GRAPH_SETTINGS, empty_chart
from solver.explore.page.fields import offered
from solver.explore.session import SCENARIOS, Session

__all__ = ["DOWNLOADS", "frame"]

_LOOK_MS = 150
"""How often a page asks how far solving is."""

DOWNLOADS: Mapping[str, str] = {
    "question": "TOML",
    "json": "JSON",
    "csv": "CSV",
    "xlsx": "XLSX",
    "png": "PNG",
    "html": "HTML",
}
"""What can be fetched of a scenario: the name in its address, and what is written on it."""


def frame(session: Session, *, open_to_others: bool) -> Any:
    """The whole page for ``session``, filled with what is asked of it now.

    Parameters
    ----------
    open_to_others
        Whether machines other than this one reach the page, which it then says.
    """
    compared = session.state("B").revision > 0
    return html.Div(
        [
            html.A("Skip to the frontier", href="#frontier", className="skip"),
            _masthead(session),
            html.P(
                "Anyone who reaches this address can use this page." if open_to_others else "",
                className="warning",
            ),
            html.Main(
                [_asked(session, compared), _frontier(session), _plan(), _below()],
                className="desk",
            ),
            *_memory(session),
        ]
    )


def _masthead(session: Session) -> Any:
    return html.Header(
        [
            html.Div(
                [
                    html.P("fleetfront explore", className="kicker"),
                    html.H1(session.title),
                    html.P(
                        f"{session.kind.capitalize()}, {session.source}", className="circumstances"
                    ),
                ]
            ),
            html.Button("Light or dark", id="theme", **label("Switch light and dark")),
        ],
        className="masthead",
    )


def _asked(session: Session, compared: bool) -> Any:
    shown = "row" if compared else "row hidden"
    parts: list[Any] = [html.H2("What is asked")]
    if session.fixed_reason:
        sentence = f"{session.fixed_reason[:1].upper()}{session.fixed_reason[1:]}."
        parts += [
            html.P(sentence, className="warning"),
            dcc.Checklist(id="compared", options=[], value=[], className="hidden"),
        ]
    else:
        parts += [
            dcc.Checklist(
                id="compared",
                options=[{"label": "Compare with a second scenario", "value": "yes"}],
                value=["yes"] if compared else [],
            ),
            html.Fieldset(
                [
                    html.Legend("Controls of", className="kicker"),
                    dcc.RadioItems(
                        id="panel-shown",
                        options=[
                            {"label": f"Scenario {name}", "value": name} for name in SCENARIOS
                        ],
                        value="A",
                        inline=True,
                    ),
                ],
                id="panels-box",
                className=shown,
            ),
            *(
                html.Div(
                    [
                        html.Button("Reset all", id=f"reset-{name}", value=name),
                        html.Div(id=f"fields-of-{name}"),
                    ],
                    id=f"panel-{name}",
                    className="" if name == "A" else "hidden",
                    role="group",
                    **label(f"Controls of scenario {name}"),
                )
                for name in SCENARIOS
            ),
        ]
    return html.Section(parts, className="asked", **label("What is asked"))


def _frontier(session: Session) -> Any:
    standings = [
        html.Div(
            [
                html.P("", id=f"standing-{name}", className="sentence", role="status"),
                html.Div("", id=f"progress-{name}", className="progress"),
                html.Button("Cancel", id=f"cancel-{name}", className="hidden"),
                html.Div("", id=f"faults-{name}", className="faults", role="alert"),
            ],
            id=f"box-{name}",
            className=f"scenario-standing {name.lower()}{'' if name == 'A' else ' hidden'}",
        )
        for name in SCENARIOS
    ]
    axes = [
        html.Div(
            [
                html.Span(f"{axis}: "),
                dcc.RadioItems(id=f"axis-{axis}", options=[], value=None, inline=True),
            ],
            className="axis",
            role="group",
            **label(f"Objective along {axis}"),
        )
        for axis in ("x", "y")
    ]
    return html.Section(
        [
            html.H2("Frontier"),
            html.Div(standings, className="standing"),
            html.Div(
                [
                    html.Div(axes, id="axes", className="tools hidden"),
                    html.Div(
                        [
                            html.Span("Axes: "),
                            dcc.RadioItems(
                                id="scale",
                                options=[
                                    {"label": "automatic", "value": "auto"},
                                    {"label": "linear", "value": "linear"},
                                    {"label": "logarithmic", "value": "log"},
                                ],
                                value="auto",
                                inline=True,
                            ),
                        ],
                        className="axis",
                        role="group",
                        **label("Axes"),
                    ),
                ],
                className="tools",
            ),
            html.Div(
                dcc.Graph(id="chart", figure=empty_chart(), config=GRAPH_SETTINGS, responsive=True),
                id="chart-box",
                className="chart",
            ),
            html.Div(id="outcome"),
            *(_downloads(session, name) for name in SCENARIOS),
        ],
        id="frontier",
        className="frontier",
        **label("Frontier"),
    )


def _downloads(session: Session, name: str) -> Any:
    # A fleet in columns is a question in JSON.
    labels = {**DOWNLOADS, "question": f"Question, {session.suffix.lstrip('.').upper()}"}
    return html.Div(
        [
            html.Span(f"Scenario {name}", className="name"),
            *(
                html.A(
                    words,
                    href=f"/download/{name}/{what}",
                    className="button",
                    download="",
                    **label(f"Download scenario {name} as {words}"),
                )
                for what, words in labels.items()
                if session.controls or what != "question"
            ),
        ],
        id=f"downloads-{name}",
        className=f"downloads{'' if name == 'A' else ' hidden'}",
    )


def _plan() -> Any:
    return html.Section(
        [
            html.H2("Plan of the chosen point", id="plan-title"),
            html.Div(
                [
                    html.Button("Previous", id="previous"),
                    html.Button("Next", id="next"),
                ],
                className="walk",
            ),
            html.Div(id="plan"),
        ],
        className="plan",
        **label("Plan of the chosen point"),
    )


def _below() -> Any:
    return html.Div(
        [
            html.Section(
                [html.H2("Scenario A against B"), html.Div(id="comparison")],
                id="comparison-box",
                className="comparison hidden",
            ),
            html.Section(
                [
                    html.H2("All points"),
                    html.Div(id="points"),
                ],
                className="points",
            ),
        ],
        className="below",
    )


def _memory(session: Session) -> list[Any]:
    """What the browser keeps between callbacks."""
    # Of each scenario: what the fields ask, what was asked, what the fields hold, that they do.
    kept = [
        f"{what}-{name}" for name in SCENARIOS for what in ("wanted", "asked", "held", "filled")
    ]
    # "answers" tells revision and status of what is drawn, so that only changes are drawn.
    kept += ["answers", "chosen", "asked-point", "returned", "listed", "marked"]
    return [
        dcc.Store(id="controls", data=offered(session.controls)),
        *(dcc.Store(id=name) for name in kept),
        dcc.Interval(id="tick", interval=_LOOK_MS),
    ]
