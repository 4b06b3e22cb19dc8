from __future__ import annotations

from typing import Any

import pytest

from solver.errors import Fault
from solver.explore.page.standing import fault_list, progress_line, standing_sentence
from solver.explore.scenario import ScenarioState

POINTS = [{}, {}]


def _words(parts: list[Any]) -> str:
    return "".join(part if isinstance(part, str) else str(part.children) for part in parts)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ScenarioState(), ""),
        (ScenarioState(1, "solving"), "Solving. "),
        (
            ScenarioState(
                1, "done", elapsed_s=0.31, document={"status": "complete", "points": POINTS}
            ),
            "Complete. 2 points; it is proved that there are no more. Solved in 0.3 s.",
        ),
        (
            ScenarioState(1, "done", document={"status": "infeasible", "points": []}),
            "No plan meets all limits. That is proved.",
        ),
        (
            ScenarioState(
                1, "cancelled", document={"status": "partial", "points": POINTS, "open_boxes": [{}]}
            ),
            "Partial. Stopped: 2 points so far; 1 region where better plans may lie are open.",
        ),
        (ScenarioState(1, "cancelled"), "Stopped. Stopped before there was anything to show."),
        (
            ScenarioState(
                2,
                "cancelled",
                document={"status": "complete", "points": POINTS},
                changes={"price": "3"},
            ),
            "Stopped. Nothing was found yet. The answer shown is that of before the change.",
        ),
        (
            ScenarioState(
                0, "done", document={"status": "complete", "points": POINTS}, opened=True
            ),
            "Complete, says the file. 2 points. 'fleetfront verify' checks its proof.",
        ),
        (
            ScenarioState(0, "done", document={"status": "infeasible", "points": []}, opened=True),
            "No plan meets all limits, says the file. 0 points. "
            "'fleetfront verify' checks its proof.",
        ),
        (ScenarioState(1, "failed"), "Not solved. Mend what is marked."),
    ],
)
def test_a_sentence_says_where_a_scenario_stands(state: ScenarioState, words: str) -> None:
    assert _words(standing_sentence(state)).rstrip() == words.rstrip()


def test_progress_is_counted_while_solving() -> None:
    bar, told = progress_line(ScenarioState(1, "solving", done=12, to_do=40, elapsed_s=1.2))
    assert (bar.value, bar.max) == ("12", "40")
    assert told.children == "12 of 40, 1.2 s"


def test_progress_of_unknown_length_has_no_figure() -> None:
    bar, told = progress_line(ScenarioState(1, "solving"))
    assert not hasattr(bar, "value")
    assert told.children == "starting, 0.0 s"


def test_nothing_moves_once_solved() -> None:
    assert progress_line(ScenarioState(1, "done")) == []


def test_a_fault_is_told_whole() -> None:
    (paragraph,) = fault_list([Fault("a.toml", "was changed", "Start again")])
    assert paragraph.children == "a.toml: was changed. Start again."
