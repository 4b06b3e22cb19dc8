"""From a question to a file, to an answer, and back to the question."""

from __future__ import annotations

import json
from pathlib import Path

import highspy  # type: ignore[import-untyped]  # noqa: TID251
import pytest

from solver.cli.export import export_command, read_back_command
from solver.errors import FleetError, ResultError
from solver.exchange.formats.solutions.detect import read_solution, solution_from_text
from solver.exchange.questions.checking import check_solution
from solver.exchange.questions.exporting import export_program
from solver.exchange.questions.key import Key, read_key
from solver.exchange.questions.opening import question_from_file

ROOT = Path(__file__).resolve().parents[3]
CREWS = ROOT / "instances/moip/crews-two-rows.mps"
TOY = ROOT / "instances/fleet/melange-toy.toml"
GROQ = ROOT / "instances/replica/llama-2-70b-groq.toml"


def exported(folder: Path, path: Path, **options: object) -> tuple[Path, Path]:
    out = folder / "p.mps"
    made = export_program(
        question_from_file(path), file=out.name, file_format="mps",
        **options,  # type: ignore[arg-type]
    )  # fmt: skip
    out.write_text(made.program)
    key = folder / "p.key.json"
    key.write_text(made.key)
    return out, key


def solved(program: Path) -> Path:
    """What HiGHS writes of its optimum."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.readModel(str(program))
    highs.run()
    out = program.with_suffix(".sol")
    highs.writeSolution(str(out), 0)
    return out


@pytest.fixture(scope="module")
def crews(tmp_path_factory: pytest.TempPathFactory) -> tuple[Key, Path]:
    program, key = exported(tmp_path_factory.mktemp("crews"), CREWS)
    return read_key(key), solved(program)


def listed(key: Key, **values: int) -> str:
    return "".join(f"{name} {values.get(name, 0)}\n" for name in key.columns)


@pytest.mark.parametrize(
    ("path", "options"),
    [
        (CREWS, {}),
        (CREWS, {"minimise": "WORK", "at_most": {"WAGES": 100}}),
        (TOY, {}),
        (GROQ, {"formulation": "column_selection", "at_most": {"latency": 3}}),
    ],
    ids=["crews", "crews bounded", "fleet", "replica"],
)
def test_the_optimum_of_the_file_is_optimal_for_the_question(
    tmp_path: Path, path: Path, options: dict[str, object]
) -> None:
    program, key = exported(tmp_path, path, **options)
    solution = solved(program)
    verdict = check_solution(
        read_key(key), read_solution(solution), where=str(solution), reprove=True
    )
    assert (verdict.holds, verdict.settled, verdict.better) == (True, True, False)
    assert verdict.design


def test_a_feasible_point_that_is_not_optimal_holds_and_something_better_exists(
    crews: tuple[Key, Path],
) -> None:
    key, path = crews
    text = path.read_text().replace("Model status\nOptimal", "Model status\nUnknown")
    best = check_solution(key, solution_from_text(text, where="s"), where="s")
    assert best.value is not None
    worse = next(
        verdict
        for name in key.columns
        for verdict in [_with_one_more(key, path, name)]
        if verdict.holds and verdict.value is not None and verdict.value > best.value
    )
    assert worse.better is True


def _with_one_more(key: Key, path: Path, name: str):  # type: ignore[no-untyped-def]
    values = {n: int(v) for n, v in (read_solution(path).values or {}).items()}
    values[name] += 1
    solution = solution_from_text(listed(key, **values), where="s")
    return check_solution(key, solution, where="s", reprove=True)


def test_a_claim_of_optimality_that_is_wrong_does_not_hold(crews: tuple[Key, Path]) -> None:
    key, path = crews
    values = {n: int(v) for n, v in (read_solution(path).values or {}).items()}
    for name in key.columns:
        more = solution_from_text(listed(key, **(values | {name: values[name] + 1})), where="s")
        verdict = check_solution(key, more, where="s", claims_optimal=True, reprove=True)
        assert not verdict.holds


def test_a_broken_row_does_not_hold(crews: tuple[Key, Path]) -> None:
    key, _ = crews
    verdict = check_solution(key, solution_from_text(listed(key), where="s"), where="s")
    assert not verdict.holds
    assert "row" in verdict.faults[0]


def test_an_objective_that_is_not_that_of_the_point_does_not_hold(crews: tuple[Key, Path]) -> None:
    key, path = crews
    text = "".join(
        "Objective 7\n" if line.startswith("Objective") else line
        for line in path.read_text().splitlines(keepends=True)
    )
    verdict = check_solution(key, solution_from_text(text, where="s"), where="s")
    assert "it states 7" in verdict.faults[0]


def test_a_false_claim_of_infeasibility_does_not_hold(crews: tuple[Key, Path]) -> None:
    key, _ = crews
    nothing = solution_from_text("solution status: infeasible\n", where="s")
    verdict = check_solution(key, nothing, where="s", reprove=True)
    assert verdict.faults == ("it is said to be infeasible, and a solution exists",)


def test_a_true_claim_of_infeasibility_holds(tmp_path: Path) -> None:
    _, key = exported(tmp_path, CREWS, at_most={"WORK": -121, "WAGES": 1})
    nothing = solution_from_text("solution status: infeasible\n", where="s")
    verdict = check_solution(read_key(key), nothing, where="s", reprove=True)
    assert (verdict.holds, verdict.settled) == (True, True)


def test_a_key_that_was_changed_is_refused(tmp_path: Path) -> None:
    _, path = exported(tmp_path, CREWS)
    document = json.loads(path.read_text())
    document["at_most"] = {"WORK": 5}
    path.write_text(json.dumps(document))
    with pytest.raises(ResultError, match="its digest does not fit"):
        read_key(path)


def test_the_same_question_gives_the_same_bytes(tmp_path: Path) -> None:
    first, key = exported(tmp_path, TOY)
    texts = first.read_bytes(), key.read_bytes()
    exported(tmp_path, TOY)
    assert (first.read_bytes(), key.read_bytes()) == texts


def test_a_formulation_for_cp_sat_alone_is_refused_with_those_that_are_not() -> None:
    with pytest.raises(FleetError, match=r"stated for CP-SAT alone\. Choose from counts"):
        export_program(
            question_from_file(TOY), file="p.mps", file_format="mps", formulation="cp_counts"
        )


def call_export(path: Path, out: Path | None, **more: object) -> int:
    options: dict[str, object] = {
        "formulation": None, "minimise": None, "at_most": None, "level": None, "setting": None,
        "file_format": None, "list_only": False,
    }  # fmt: skip
    return export_command(path, out, **(options | more))  # type: ignore[arg-type]


def call_read_back(key: Path, solution: Path, **more: object) -> int:
    options: dict[str, object] = {
        "claims_optimal": False, "reprove": False, "time_limit": None, "as_json": False,
    }  # fmt: skip
    return read_back_command(key, solution, **(options | more))  # type: ignore[arg-type]


def test_the_commands_work_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "p.lp"
    assert call_export(CREWS, out, at_most=["WORK=-5"]) == 0
    assert call_read_back(tmp_path / "p.key.json", solved(out), reprove=True) == 0
    assert "it holds, and is optimal" in capsys.readouterr().out


def test_a_wrong_solution_is_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "p.mps"
    call_export(CREWS, out)
    key = tmp_path / "p.key.json"
    bad = tmp_path / "bad.txt"
    bad.write_text(listed(read_key(key)))
    assert call_read_back(key, bad) == 1
    assert "FAILED" in capsys.readouterr().out


def test_the_list_names_formulations_and_objectives(capsys: pytest.CaptureFixture[str]) -> None:
    assert call_export(TOY, None, list_only=True) == 0
    told = capsys.readouterr().out
    assert "counts (default)" in told
    assert "cost (default): 0 to " in told


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"at_most": ["WORK"]}, "not OBJECTIVE=N"),
        ({"at_most": ["PAY=3"]}, "there is no such objective"),
        ({"minimise": "PAY"}, "cannot be minimised"),
        ({"level": 3}, "has no levels"),
        ({"setting": "1,1"}, "no setting"),
        ({"formulation": "hull"}, "no formulation"),
        ({"file_format": "xml"}, "no format"),
    ],
)
def test_bad_options_are_faults(tmp_path: Path, more: dict[str, object], what: str) -> None:
    with pytest.raises(FleetError, match=what):
        call_export(CREWS, tmp_path / "p.mps", **more)
