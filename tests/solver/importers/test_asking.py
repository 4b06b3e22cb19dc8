"""What a file does not say is asked on a terminal, and lands where it belongs."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from solver.importers.asking import ask, ask_options, tables_of_answer
from solver.importers.findings import Answers, Figure, Missing

FLEET: dict[str, Any] = {
    "kind": "fleet",
    "machines": [
        {"name": "h100", "contracts": [{"kind": "spot"}]},
        {"name": "l40s.a", "accelerator": "L40S"},
    ],
    "workloads": [{"name": "chat", "points": "points.csv"}],
}
PRICE = Missing("machines.l40s.a.usd_per_hour", "What does an hour cost?", "--usd-per-hour", "2.50")
WHERE_RUN = Missing("workloads.chat.machine", "Where did it run?", "--machine", "h100")
DEVICES = Missing("workloads.chat.devices", "On how many devices?", "--devices", "8")
NOWHERE = Missing("workloads.other.model", "Which model?", "--model", "A")


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_an_answer_is_put_beside_the_entrys_name() -> None:
    assert tables_of_answer(PRICE, "1.35", FLEET) == {
        "machines": [
            {
                "name": Figure("l40s.a"),
                "usd_per_hour": Figure("1.35", "answered when asked, US$ per device and hour"),
            }
        ]
    }


def test_an_entry_without_a_name_is_met_by_its_kind() -> None:
    asked = Missing("machines.h100.contracts.spot.usd_per_hour", "?", "--usd-per-hour", "1")
    found = tables_of_answer(asked, "1", FLEET)
    assert found["machines"][0]["contracts"][0]["kind"] == Figure("spot")  # type: ignore[index]


def test_whole_numbers_become_numbers_and_decimals_stay_text() -> None:
    asked = Missing("workloads.chat.requests_per_s", "?", "--requests-per-s", "1")
    values = [
        tables_of_answer(asked, answer, FLEET)["workloads"][0]["requests_per_s"].value  # type: ignore[index, union-attr]
        for answer in ("1500", "2.50", "1/3")
    ]
    assert values == [1500, "2.50", "1/3"]


def test_a_table_that_is_no_list_may_be_begun() -> None:
    asked = Missing("price.usd_per_hour", "?", "--usd-per-hour", "2.50")
    assert "price" in tables_of_answer(asked, "2.50", {})


def test_there_is_no_place_in_an_entry_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no table"):
        tables_of_answer(NOWHERE, "A", FLEET)


def test_only_what_has_a_place_is_asked(monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
    typed(monkeypatch, "1.35")
    assert len(ask([NOWHERE, WHERE_RUN, PRICE], FLEET, console)) == 1


def test_an_empty_answer_leaves_it_open(monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
    typed(monkeypatch, "")
    assert ask([PRICE], FLEET, console) == []


def test_an_end_of_input_leaves_it_open(monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
    typed(monkeypatch)
    assert ask([PRICE, PRICE], FLEET, console) == []


def test_what_only_an_option_answers_becomes_an_answer(
    monkeypatch: pytest.MonkeyPatch, console: Console
) -> None:
    typed(monkeypatch, "h100")
    assert ask_options([PRICE, WHERE_RUN], FLEET, Answers(), console).machine == "h100"


def test_an_answer_that_cannot_be_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, console: Console
) -> None:
    typed(monkeypatch, "many", "8")
    assert ask_options([DEVICES], FLEET, Answers(), console).devices == "8"


def test_questions_hold_no_markup_and_no_escapes(
    monkeypatch: pytest.MonkeyPatch, console: Console
) -> None:
    typed(monkeypatch, "1")
    hostile = Missing(PRICE.key, "[red]Cost of \x1b[31m?[/nonsense]", "--x", "[link]")
    ask([hostile], FLEET, console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[red]Cost of \\x1b[31m?[/nonsense] (such as [link])" in shown
    assert "\x1b" not in shown
