"""The controls of one scenario: a labelled field each, group by group.

A field holds text as it was typed; only what differs from the file is asked, so that a page that
nobody touched asks exactly the question of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from dash import dcc, html

from solver.errors import Fault
from solver.explore.controls import Control, chosen
from solver.explore.page.attributes import data, label

__all__ = ["Entry", "changes_of", "control_panel", "entries_of", "fault_texts", "row_classes"]

Entry = str | list[str] | None
"""What a field holds: a text, or what is ticked."""

_PAUSE_S = 0.3
"""Nothing typed for so long is an end of typing."""
_ROOM_FOR_BUTTONS = 4
"""More choices than that go into a list that drops down."""


def control_panel(
    controls: Sequence[Control], scenario: str, changes: Mapping[str, str]
) -> list[Any]:
    """The fields of ``controls`` for ``A`` or ``B``, filled with ``changes`` over the file."""
    held = entries_of(controls, changes)
    classes = row_classes(controls, changes)
    rows = zip(controls, held, classes, strict=True)
    return [
        html.Details(
            [
                html.Summary(group.capitalize()),
                *(_row(control, scenario, entry, name) for control, entry, name in members),
            ],
            open=True,
            className="group",
        )
        for group, members in groupby(rows, key=lambda row: row[0].group)
    ]


def entries_of(controls: Iterable[Control], changes: Mapping[str, str]) -> list[Entry]:
    """What every field holds with ``changes`` over the file."""
    return [_entry(control, changes.get(control.key, control.value)) for control in controls]


def changes_of(controls: Iterable[Control], entries: Iterable[Entry]) -> dict[str, str]:
    """What the fields ask beyond the file: key of the control to text."""
    texts = (
        (control, _text(control, entry)) for control, entry in zip(controls, entries, strict=True)
    )
    return {control.key: text for control, text in texts if _differs(control, text)}


def row_classes(controls: Iterable[Control], changes: Mapping[str, str]) -> list[str]:
    """How each row looks: marked where its value is not that of the file."""
    return ["control changed" if control.key in changes else "control" for control in controls]


def fault_texts(
    controls: Sequence[Control], faults: Iterable[Fault]
) -> tuple[list[str], list[Fault]]:
    """The sentence under each control, and the faults that are about none of them."""
    texts = dict.fromkeys(range(len(controls)), "")
    place = {control.label: at for at, control in reversed(list(enumerate(controls)))}
    homeless = []
    for fault in faults:
        at = place.get(fault.where)
        if at is None:
            homeless.append(fault)
            continue
        sentence = f"{fault.what.rstrip('.')}. {fault.mend.rstrip('.')}."
        texts[at] = f"{texts[at]} {sentence[:1].upper()}{sentence[1:]}".strip()
    return list(texts.values()), homeless


def _entry(control: Control, text: str) -> Entry:
    if control.kind == "choices":
        return list(chosen(text))
    if control.kind == "switch":
        return ["true"] if text == "true" else []
    return text


def _text(control: Control, entry: Entry) -> str:
    if control.kind == "choices":
        ticked = set(entry or ())
        # In the order of the choices, whatever the order of ticking.
        return ",".join(choice for choice in control.choices if choice in ticked)
    if control.kind == "switch":
        if entry:
            return "true"
        return "false" if control.value else ""
    return str(entry or "").strip()


def _differs(control: Control, text: str) -> bool:
    if control.kind == "choices":
        return set(chosen(text)) != set(chosen(control.value))
    return text != control.value


def _row(control: Control, scenario: str, entry: Entry, class_name: str) -> Any:
    name = {"type": "control", "scenario": scenario, "key": control.key}
    words: list[Any] = [control.label]
    if control.unit:
        words.append(html.Span(f" {control.unit}", className="unit"))
    reset = html.Button(
        "Reset",
        title=f"{control.label}: back to the file's {_said(control)}",
        className="reset",
        **label(f"Reset {control.label} to the file's {_said(control)}"),
        **data(reset=json.dumps({"id": name, "value": _entry(control, control.value)})),
    )
    note = html.P([f"File: {_said(control)}", reset], className="file-value")
    fault = html.P(
        "",
        id={"type": "fault", "scenario": scenario, "key": control.key},
        className="fault",
        role="alert",
    )
    explained = [html.P(control.help, className="help")] if control.help else []
    row: dict[str, Any] = {"id": {**name, "type": "row"}, "className": class_name}
    field = _field(control, name, entry)
    if control.kind in ("number", "choice") and not isinstance(field, dcc.RadioItems):
        words_of_field = html.Label(words, htmlFor=_element(name))
        return html.Div([words_of_field, field, *explained, note, fault], **row)
    legend = html.Legend(words)
    return html.Div([html.Fieldset([legend, field]), *explained, note, fault], **row)


def _field(control: Control, name: Mapping[str, str], entry: Entry) -> Any:
    held: dict[str, Any] = {"id": name, "value": entry}
    if control.kind == "number":
        # A field of text: one of numbers would round what is typed.
        return dcc.Input(
            **(held | {"inputMode": "decimal"}),
            type="text",
            debounce=_PAUSE_S,
            placeholder=control.otherwise or "none",
            autoComplete="off",
            className="number",
        )
    if control.kind == "switch":
        return dcc.Checklist(**held, options=[{"label": control.label, "value": "true"}])
    options: list[Any] = [{"label": choice, "value": choice} for choice in control.choices]
    if control.kind == "choices":
        return dcc.Checklist(**held, options=options, inline=True)
    if not control.value:
        options.insert(0, {"label": control.otherwise or "none", "value": ""})
    if len(options) <= _ROOM_FOR_BUTTONS:
        return dcc.RadioItems(**held, options=options, inline=True)
    return dcc.Dropdown(**held, options=options, clearable=False, searchable=len(options) > 12)


def _said(control: Control) -> str:
    """The value of the file as people say it."""
    if control.kind == "switch":
        return "yes" if control.value == "true" else "no"
    value = ", ".join(chosen(control.value)) if control.kind == "choices" else control.value
    if not value:
        return control.otherwise or "none"
    return f"{value} {control.unit}".strip()


def _element(name: Mapping[str, str]) -> str:
    """The id in the document, as Dash spells ids made of parts."""
    return json.dumps(name, sort_keys=True, separators=(",", ":"))
