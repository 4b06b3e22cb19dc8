"""Sessions with the real process, and what they refuse."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from solver.api import solve
from solver.errors import FleetError, ResultError
from solver.explore.scenario import ScenarioState
from solver.explore.session import Session
from tests.solver.explore.asked import FLEET, INSTANCES, README, answer

LONG_S = 60.0
PRICE = "price.usd_per_hour"


def settled(session: Session, scenario: str = "A") -> ScenarioState:
    until = time.monotonic() + LONG_S
    while (state := session.state(scenario)).status == "solving":
        assert time.monotonic() < until, state
        time.sleep(0.005)
    return state


@pytest.fixture(scope="module")
def readme() -> Iterator[Session]:
    with closing(Session.open(README)) as session:
        session.ask("A", {})
        settled(session)
        yield session


def written(path: Path, name: str) -> Path:
    path.write_text(json.dumps(answer(name)))
    return path


def test_a_session_says_what_it_is_about(readme: Session) -> None:
    assert (readme.kind, readme.source) == ("replica", "llama-3.1-70b-fp8-h100.toml")
    assert readme.title == "Llama 3.1 70B in FP8 on H100, 4K context"


def test_an_answer_is_that_of_solve(readme: Session) -> None:
    readme.ask("A", {PRICE: "2.2"})
    document = settled(readme).document
    assert document is not None
    expected = solve(README.parent / README.name).to_dict()
    changed = [point["objectives"]["cost"] for point in document["points"]]
    stated = [point["objectives"]["cost"] for point in expected["points"]]
    assert changed == pytest.approx([cost * 2.2 / 2.95 for cost in stated])


def test_the_readme_question_is_solved_again_within_a_second(readme: Session) -> None:
    took = []
    for price in ("2.1", "2.3", "2.4"):
        start = time.monotonic()
        readme.ask("A", {PRICE: price})
        settled(readme)
        took.append(time.monotonic() - start)
    assert min(took) < 1.0


def test_two_scenarios_have_two_answers(readme: Session) -> None:
    readme.ask("A", {PRICE: "2"})
    readme.ask("B", {PRICE: "4"})
    shown = [settled(readme, name) for name in ("A", "B")]
    cheapest = [
        state.document["points"][-1]["objectives"]["cost"] for state in shown if state.document
    ]
    assert cheapest[1] == pytest.approx(2 * cheapest[0])


def test_a_fault_of_the_reader_names_the_control(readme: Session) -> None:
    readme.ask("A", {PRICE: "-1"})
    state = settled(readme)
    assert state.status == "failed"
    assert str(state.faults[0]).startswith("Price of H100 SXM: Input should be greater than 0")


def test_a_fault_does_not_tell_the_folder(readme: Session) -> None:
    readme.ask("A", {"design.kv_bits": "8", "limits.min_speed_tok_per_s": "x" * 50})
    state = settled(readme)
    assert not any(str(INSTANCES) in str(fault) for fault in state.faults)


def test_the_changed_question_can_be_saved_and_solved(readme: Session, tmp_path: Path) -> None:
    path = tmp_path / "changed.toml"
    path.write_text(readme.toml_text({PRICE: "2.2"}))
    readme.ask("A", {PRICE: "2.2"})
    document = settled(readme).document
    assert document is not None
    assert solve(path).to_dict()["points"] == document["points"]


def test_a_process_that_is_killed_is_a_fault_and_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "slow.toml"
    shutil.copy(INSTANCES / "placement" / "two-mixed-racks.toml", path)
    with closing(Session.open(path)) as session:
        session.ask("A", {})
        until = time.monotonic() + LONG_S
        while not session.state("A").done:
            assert time.monotonic() < until
            time.sleep(0.01)
        victims = session.processes("A")
        os.kill(victims[0], signal.SIGKILL)
        state = settled(session)
        assert state.status == "failed"
        assert "ended by signal 9" in state.faults[0].what
        session.ask("A", {"limits.max_hosts": "0"})
        assert "greater than 0" in settled(session).faults[0].what


def test_a_file_that_was_changed_meanwhile_is_told(tmp_path: Path) -> None:
    path = tmp_path / "question.toml"
    shutil.copy(README, path)
    with closing(Session.open(path)) as session:
        path.write_text(path.read_text().replace("4096", "8192"))
        session.ask("A", {})
        assert "changed since it was opened" in settled(session).faults[0].what


def test_without_a_file_the_first_question_is_open() -> None:
    with closing(Session.open(None)) as session:
        assert session.kind == "replica"
        assert session.controls


def test_a_result_alone_cannot_be_changed(tmp_path: Path) -> None:
    path = written(tmp_path / "result.json", "fleet/one-model-one-pool")
    with closing(Session.open(path)) as session:
        assert session.controls == ()
        assert "--instance FILE" in session.fixed_reason
        assert session.state("A").document == answer("fleet/one-model-one-pool")
        session.ask("A", {"x": "1"})
        assert session.state("A").status == "failed"
        with pytest.raises(ResultError, match="holds no question"):
            session.toml_text({})


def test_a_result_with_its_question_can_be_changed(tmp_path: Path) -> None:
    path = written(tmp_path / "result.json", "fleet/one-model-one-pool")
    with closing(Session.open(path, instance=FLEET)) as session:
        assert session.controls
        assert session.state("A").status == "done"


def test_a_result_that_was_changed_after_it_was_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    document = json.loads(json.dumps(answer("fleet/one-model-one-pool")))
    document["points"][0]["objectives"]["cost"] /= 2
    path.write_text(json.dumps(document))
    with pytest.raises(ResultError, match="its digest is not that of what it holds"):
        Session.open(path)


def test_a_result_that_was_opened_is_proved_only_once_it_is_solved_here(tmp_path: Path) -> None:
    path = written(tmp_path / "result.json", "fleet/one-model-one-pool")
    with closing(Session.open(path, instance=FLEET)) as session:
        assert session.state("A").opened
        session.ask("A", {})
        assert not settled(session).opened


def test_a_result_of_another_question_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "result.json", "fleet/one-model-one-pool")
    with pytest.raises(ResultError, match="does not answer the question"):
        Session.open(path, instance=README)


def test_a_question_takes_no_further_question() -> None:
    with pytest.raises(ResultError, match="asks a question itself"):
        Session.open(README, instance=README)


def test_a_fleet_in_columns_is_solved(columns_file: Path) -> None:
    with closing(Session.open(columns_file)) as session:
        assert (session.kind, session.suffix) == ("fleet", ".json")
        session.ask("A", {"demand_milli_tok_per_s.0": "10000"})
        assert settled(session).status == "done"


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.toml", "kind = 3", "kind is 3"),
        ("b.toml", "[" * 100_000, "not a TOML file"),
        ("c.json", "[" * 100_000, "not JSON"),
        ("d.json", "{}", "not a fleet in columns"),
        ("e.json", '{"instance": {"kind": "moip"}}', "has no page"),
        ("f.json", '{"instance": {"kind": "fleet"}, "points": [1]}', "cannot be shown"),
        ("g.json", '{"instance": {"kind": "replica"}, "points": [1]}', "not a fleetfront result"),
        ("h.toml", "", "kind is missing"),
    ],
)
def test_what_is_neither_question_nor_result_is_refused(
    tmp_path: Path, name: str, content: str, what: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(FleetError, match=what):
        Session.open(path)


def test_a_file_of_a_hundred_megabytes_is_refused_unread(tmp_path: Path) -> None:
    for name in ("big.toml", "big.json"):
        path = tmp_path / name
        with path.open("wb") as file:
            file.truncate(100_000_001)
        with pytest.raises(FleetError, match="more than 10"):
            Session.open(path)


def test_closing_twice_is_no_fault() -> None:
    session = Session.open(README)
    session.close()
    session.close()


def test_after_closing_nothing_is_begun() -> None:
    session = Session.open(README)
    session.close()
    session.ask("B", {})
    assert session.processes("B") == ()


def test_a_title_is_one_line_without_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    title = r"<script>\u001b[2J\nnext"
    path.write_text(README.read_text().replace("Llama 3.1 70B in FP8 on H100, 4K context", title))
    with closing(Session.open(path)) as session:
        assert session.title == "<script>[2J next"
