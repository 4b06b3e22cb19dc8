from __future__ import annotations

import csv
import io
from dataclasses import replace
from fractions import Fraction

import pytest
from matplotlib.patches import Rectangle
from rich.console import Console

from solver.economics.bills import Bill, BillStep
from solver.economics.cheapest import Cheapest
from solver.instance.services.demand import session_demand
from solver.instance.services.shape import (
    PrefixCache,
    Reasoning,
    Retrieval,
    ServiceShape,
    ToolUse,
    VisibleSize,
)
from solver.instance.services.steps import service_steps
from solver.report.economics_bill_notes import step_notes
from solver.report.economics_bills import bill_lines, bills_csv, print_bills
from solver.report.economics_bills_plot import bills_figure, render_bills

CACHE = PrefixCache(Fraction(1, 2), True, Fraction(9), Fraction(1, 10), "a price list")
SHAPE = ServiceShape(turns=2, visible=(VisibleSize(100, 50),), cache=CACHE)
COSTS = (
    Cheapest(Fraction(4), plan="2 x h100 TP1"),
    Cheapest(Fraction(10), plan="5 x h100 TP1", unproved="time limit"),
    Cheapest(Fraction(5), Fraction(1), Fraction(3), "3 x h100 TP1"),
)


def bill(costs: tuple[Cheapest, ...] = COSTS, *, hourly: bool = True) -> Bill:
    rate = Fraction(2) if hourly else None
    steps = tuple(
        BillStep(step.name, step.shape, session_demand(step.shape), rate, cost)
        for step, cost in zip(service_steps(SHAPE), costs, strict=True)
    )
    return Bill("chat", "usd_per_hour" if hourly else "usd_per_session", steps, rate)


def printed(found: Bill, width: int = 100) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    print_bills([found], console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def rows(found: Bill) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bills_csv([found]))))


def test_the_table_tells_what_each_feature_adds() -> None:
    table = printed(bill()).split("The whole service")[0].splitlines()
    (line,) = [line for line in table if line.startswith("+ growing context")]
    assert line.split()[-3:-1] == ["10", "+6"]
    (line,) = [line for line in table if "prefix caching" in line]
    assert {"6", "-4"} < set(line.split())


def test_a_session_is_told_by_the_thousand() -> None:
    text = printed(bill(hourly=False))
    assert "1000 sessions" in text
    assert "4,000" in text


def test_before_and_after_are_compared() -> None:
    assert "The whole service costs 1.50 times" in bill_lines(bill())[0]


def test_storage_names_its_source_and_share() -> None:
    (line,) = [line for line in step_notes(bill()) if "Storage" in line]
    assert "16.7 %" in line
    assert "a price list" in line


def test_what_is_not_proved_is_said() -> None:
    assert "+ growing context: not proved to be the least (time limit)." in bill_lines(bill())


def test_what_nothing_serves_is_said() -> None:
    found = bill((Cheapest(why_none="no time"), *COSTS[1:]))
    assert "visible tokens only: nothing on offer serves it: no time." in bill_lines(found)
    assert "none" in printed(found)


def test_the_table_fits_a_narrow_terminal() -> None:
    assert all(len(line) <= 60 for line in printed(bill(), 60).splitlines())


def test_the_csv_has_a_row_for_every_step() -> None:
    found = rows(bill())
    assert [row["step"] for row in found] == [step.name for step in bill().steps]
    assert [row["cost exact"] for row in found] == ["4", "10", "6"]
    assert [row["added"] for row in found] == ["4.0", "6.0", "-4.0"]
    assert [row["proved"] for row in found] == ["yes", "no", "yes"]


def test_an_unknown_cost_is_an_empty_cell() -> None:
    found = rows(bill((Cheapest(why_none="no time"), *COSTS[1:])))
    assert (found[0]["cost"], found[0]["open or impossible because"]) == ("", "no time")
    assert found[1]["added"] == ""


def test_names_from_files_cannot_move_the_terminal() -> None:
    found = bill()
    evil = Bill("a\x1b[31mb", found.unit, found.steps, found.mean_sessions_per_s)
    assert "\x1b" not in printed(evil) + bills_csv([evil])


def test_bars_of_the_waterfall_begin_where_the_last_one_ended() -> None:
    (axes,) = bills_figure([bill()]).axes
    bars = [bar for bar in axes.patches if isinstance(bar, Rectangle)]
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars]
    assert spans == [(0, 4), (4, 10), (10, 6), (0, 6)]


def test_a_step_that_nothing_serves_has_no_bar() -> None:
    (axes,) = bills_figure([bill((COSTS[0], Cheapest(why_none="x"), COSTS[2]))]).axes
    assert len(axes.patches) == 3
    assert any("nothing on offer" in text.get_text() for text in axes.texts)


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_a_picture_is_the_same_each_time(kind: str, start: bytes) -> None:
    first = render_bills([bill()], kind)  # type: ignore[arg-type]
    assert first.startswith(start)
    assert first == render_bills([bill()], kind)  # type: ignore[arg-type]


def test_no_bill_is_no_picture() -> None:
    with pytest.raises(ValueError, match="no bill"):
        render_bills([], "png")


def notes(*costs: Cheapest, floor: bool = False, hourly: bool = True) -> list[str]:
    found = bill(costs, hourly=hourly)
    steps = tuple(replace(step, floor_saves=floor) for step in found.steps)
    return step_notes(replace(found, steps=steps))


def test_every_step_says_in_a_line_what_is_new() -> None:
    found = notes(*COSTS)
    assert found[0] == "visible tokens only: 2 messages a session, each alone."
    assert found[1].startswith("+ growing context: earlier turns stand in later prompts: 150 more")
    assert found[2].startswith("− prefix caching: 21.4 % of all prompt tokens are found")
    assert all(line in printed(bill(), 400) for line in step_notes(bill()))


def test_tools_reasoning_and_retrieval_say_what_they_bring() -> None:
    shape = replace(
        SHAPE,
        tools=ToolUse(1, 5, 30),
        reasoning=Reasoning(Fraction(2), "all"),
        retrieval=Retrieval(2, 50, Fraction(1, 2)),
    )
    steps = tuple(
        BillStep(step.name, step.shape, session_demand(step.shape), None, Cheapest(Fraction(1)))
        for step in service_steps(shape)
    )
    told = step_notes(Bill("agent", "usd_per_session", steps))
    assert told[2].startswith("+ tool calls: 4 calls a session in place of 2")
    # Twice 2 x (5 + 50).
    assert told[3].startswith("+ reasoning: 220 more tokens written, read for the rest")
    assert told[4].startswith("+ retrieval: 100 tokens of passages a message, found in 0.500 s of")


def test_a_step_that_costs_nothing_says_why() -> None:
    assert "It costs nothing more" in notes(COSTS[0], Cheapest(Fraction(4)), COSTS[2])[1]


def test_a_step_that_saves_by_the_floor_on_speed_says_so() -> None:
    costs = (COSTS[0], Cheapest(Fraction(3)), Cheapest(Fraction(2)))
    assert "because the floor on speed binds" in notes(*costs, floor=True)[1]
    assert "floor on speed" not in notes(*costs)[1]


def test_a_cache_that_takes_nothing_off_says_so() -> None:
    costs = (COSTS[0], Cheapest(Fraction(4)), Cheapest(Fraction(4), Fraction(1)))
    assert "takes nothing off: what it saves frees no machine" in notes(*costs)[2]
    assert "takes nothing off: storage costs" in notes(*costs, hourly=False)[2]


def test_what_is_not_proved_is_not_explained() -> None:
    open_ = Cheapest(Fraction(4), unproved="time limit")
    assert "It costs" not in notes(COSTS[0], open_, COSTS[2])[1]


def test_names_in_sentences_are_those_of_the_table() -> None:
    costs = (COSTS[0], COSTS[1], Cheapest(Fraction(1), unproved="time limit"))
    assert any(line.startswith("− prefix caching: not") for line in bill_lines(bill(costs)))
    ascii_lines = bill_lines(bill(costs), ascii_only=True)
    assert any(line.startswith("- prefix caching: not") for line in ascii_lines)


def test_a_step_that_adds_nothing_has_no_plus_in_the_picture() -> None:
    (axes,) = bills_figure([bill((COSTS[0], Cheapest(Fraction(4)), COSTS[2]))]).axes
    assert "0" in [text.get_text() for text in axes.texts]


def test_table_csv_and_notes_tell_the_same_storage() -> None:
    (last,) = [row for row in rows(bill()) if row["step"] == "- prefix caching"]
    share = 100 * float(last["storage"]) / float(last["cost"])
    assert f"{share:.1f} % of the cost" in step_notes(bill())[2]
