"""The controls as the page gets them: what each offers, what it holds, what is wrong with it.

The script ``assets/controls.js`` makes the fields. A field holds text as it was typed, and only
what differs from the file is asked: a page that nobody touched asks exactly the file's question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from solver.errors import Fault
from solver.explore.controls import Control
from solver.explore.scenario import ScenarioState

__all__ = ["changes_in", "fault_texts", "held", "offered"]


def offered(controls: Iterable[Control]) -> list[dict[str, Any]]:
    """What the fields are made of."""
    return [
        {
            "key": control.key,
            "group": control.group,
            "label": control.label,
            "unit": control.unit,
            "kind": control.kind,
            "value": control.value,
            "choices": list(control.choices),
            "help": control.help,
            "otherwise": control.otherwise,
        }
        for control in controls
    ]


def held(
    controls: Sequence[Control], scenario: str, state: ScenarioState, *, write: bool
) -> dict[str, Any]:
    """What the fields of a scenario hold; ``write`` overwrites what stands in them."""
    texts, _ = fault_texts(controls, state.faults)
    return {
        "scenario": scenario, "changes": dict(state.changes), "faults": texts, "write": write,
    }  # fmt: skip


def changes_in(told: object) -> dict[str, str]:
    """What a browser asks, held to texts by key; whatever else it sends is left out.

    A text is never cut: the rest of a list of choices would be another question.
    """
    if not isinstance(told, Mapping):
        return {}
    return {str(key): text for key, text in told.items() if isinstance(text, str)}


def fault_texts(
    controls: Iterable[Control], faults: Iterable[Fault]
) -> tuple[dict[str, str], list[Fault]]:
    """The sentences under controls, by key, and the faults that are about none of them."""
    keys: dict[str, str] = {}
    for control in controls:
        keys.setdefault(control.label, control.key)
    texts: dict[str, str] = {}
    homeless = []
    for fault in faults:
        key = keys.get(fault.where)
        if key is None:
            homeless.append(fault)
            continue
        sentence = f"{fault.what.rstrip('.')}. {fault.mend.rstrip('.')}."
        texts[key] = f"{texts.get(key, '')} {sentence[:1].upper()}{sentence[1:]}".strip()
    return texts, homeless
