"""A nondominated set on the terminal and as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from fractions import Fraction

import pytest
from rich.console import Console

from formulations.moip.problem import MultiObjectiveProgram
from solver.report.moip import print_moip, stated_range, write_moip_csv
from solver.sweep.moip.outcome import SearchOutcome
from tests.oracles import plain_moip as plain
from tests.oracles.small_programs import stated


def printed(outcome: SearchOutcome, *, width: int = 110, conflict: tuple[str, ...] = ()) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False)
    print_moip(outcome, console, conflict=conflict, where_all="set.json")
    return stream.getvalue()


def many_points() -> MultiObjectiveProgram:
    """Forty nondominated points: one of x1 .. x40 must be on."""
    n = 40
    return stated(
        [[100 + k for k in range(n)], [200 - k for k in range(n)]], [([1] * n, 1, 1)]
    ).program


def one_of(problem: MultiObjectiveProgram) -> SearchOutcome:
    """The outcome of ``many_points``, told without trying 2^40 assignments."""
    import numpy as np

    from solver.sweep.moip.outcome import ProvedPoint

    points = []
    for x in np.eye(problem.milp.n_columns, dtype=np.int64):
        image = problem.image(x)
        points.append(ProvedPoint(image, x, (plain.listed_claim(problem, image),) * 2))
    return SearchOutcome(problem, tuple(points), (), (), (), {}, 1.0, 1.0)


def test_a_complete_set_says_so_and_shows_every_point() -> None:
    text = printed(plain.outcome(plain.knapsack()))
    assert "complete: 5 nondominated points" in text
    assert "5 points; set.json" in text
    for cell in ("146.5", "81.5", "x1, x4, x5, x8", "bound (highs)"):
        assert cell in text


def test_names_and_sizes_head_the_table() -> None:
    text = printed(plain.outcome(plain.knapsack()))
    assert text.startswith("knapsack of 8\nobjectives f1 (max), f2 (max); 8 columns, 1 row\n")
    assert "3 solves by highs, 2 solves by labels" in text


def test_a_long_set_is_shown_in_18_spread_rows_with_both_ends() -> None:
    text = printed(one_of(many_points()))
    rows = [line for line in text.splitlines() if "enumeration (labels)" in line]
    assert len(rows) == 18
    assert rows[0].split()[0] == "100"
    assert rows[-1].split()[0] == "139"
    assert "18 of 40 points" in text


def test_a_partial_set_names_open_boxes_in_stated_senses_and_the_gap() -> None:
    text = " ".join(printed(plain.outcome(plain.knapsack(), unseen=[1], unproved=[0])).split())
    assert "partial: 3 nondominated points proved, 1 more point found, 1 box still open" in text
    assert "f1 is 128 to 206.5, f2 is 82 to 168: the time limit of 1 s was reached" in text
    assert "20.1 % of objective space is open (27,334 of 135,788 vectors" in text
    assert "not proved" in text
    assert "1 point found may still be dominated" in text


def test_an_infeasible_program_names_its_rows_and_the_cure() -> None:
    problem = stated([[1, 2], [2, 1]], [([1, 1], 5, 9), ([1, 0], 0, 1)]).program
    text = printed(plain.outcome(problem), conflict=("r1",))
    assert "infeasible: proved that no point meets all rows" in text
    assert "r1: 5 <= x1 + x2 <= 9" in text
    assert "Relax or drop" in text


def test_notes_of_the_search_are_told() -> None:
    outcome = replace(plain.outcome(plain.knapsack()), notes=("labels: a column is too wide",))
    assert "note: labels: a column is too wide" in printed(outcome)


def test_a_narrow_terminal_gives_up_columns_but_no_objective() -> None:
    text = printed(plain.outcome(plain.knapsack(3)), width=40)
    assert all(len(line) <= 40 for line in text.splitlines())
    assert "f3" in text
    assert "not zero" not in text


def test_control_characters_of_a_name_do_not_reach_the_terminal() -> None:
    problem = stated([[1, 2], [2, 1]], name="red\x1b[31m").program
    assert "\x1b" not in printed(plain.outcome(problem))


def test_a_box_reads_from_least_to_greatest_in_every_sense() -> None:
    problem = stated([[-1, -2], [2, 1]], senses=["max", "min"], offsets=[10, 0]).program
    ranges = stated_range(problem, (-3, 0), (-1, 3))
    assert ranges == [(Fraction(12), Fraction(13)), (Fraction(0), Fraction(2))]


@pytest.mark.parametrize("unproved", [[], [0, 2]])
def test_csv_holds_every_point_exactly(unproved: list[int]) -> None:
    problem = plain.knapsack()
    outcome = plain.outcome(problem, unseen=[1] if unproved else [], unproved=unproved)
    stream = io.StringIO()
    write_moip_csv(outcome, stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert len(rows) == len(outcome.points) + len(outcome.candidates)
    assert sum(row["proved"] == "no" for row in rows) == len(outcome.candidates)
    known = plain.nondominated(problem)
    for row in rows:
        values = {name: int(row[name]) for name in row if name.startswith("x")}
        x = [values.get(name, 0) for name in problem.column_names]
        image = next(z for z, found in known.items() if found.tolist() == x)
        assert [Fraction(row[name]) for name in ("f1", "f2")] == list(problem.stated(image))
