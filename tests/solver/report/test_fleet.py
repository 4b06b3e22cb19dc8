"""A fleet result on the terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from solver.report.fleet import print_fleet
from tests.oracles import fleet_documents as made


def printed(document: dict[str, Any], *, width: int = 80, where_all: str = "r.json") -> str:
    stream = io.StringIO()
    print_fleet(document, Console(file=stream, width=width, highlight=False), where_all)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def test_a_complete_result_begins_as_pinned() -> None:
    assert printed(made.document()).startswith(
        """\
A small fleet
Complete: 3 fleets, and it is proved that no other is better in one of speed and
cost without being worse in another.
12 options stated, 6 columns kept; 4 solves by cp-sat; 1.50 s

                 speed   cost  machines         tightest               tok/s
            tok/s/user  US$/h                   limit                per GPU
────────────────────────────────────────────────────────────────────────────
★ fastest          100     96  48 h100          stock of h100 75.0%        5
★ knee              80     40  16 h100, 8 l40s  power 30.0%               10
★ cheapest          25     24  24 l40s          power 30.0%               10

3 points; exact values: r.json

Bill of materials of the knee"""
    )


@pytest.mark.parametrize(
    "make", [made.document, made.three, made.single, made.partial, made.infeasible]
)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_console(make: Any, width: int) -> None:
    assert max(cell_len(line) for line in printed(make(), width=width).splitlines()) <= width


def test_the_bill_of_the_knee_is_told_line_by_line() -> None:
    text = printed(made.document())
    assert "Bill of materials of the knee of the frontier: 80 tok/s/user, US$40/h\n" in text
    assert "24 devices (16 h100, 8 l40s), US$40/h, 12 kW, 240 tok/s, 10 tok/s per GPU" in text
    assert "chat      TP4     h100            4       16  66.7 %  100.0 %" in text
    assert "chat      TP2     l40s            4        8  33.3 %  100.0 %" in text
    assert "h100     reserved      2       16     32" in text


def test_every_limit_has_a_bar_as_long_as_it_is_full() -> None:
    text = printed(made.document())
    assert "  use of h100    ████████████  100.0 %  16 of 16 devices\n" in text
    assert "  stock of h100  ███░░░░░░░░░   25.0 %  16 of 64 devices\n" in text
    assert "  power          ████░░░░░░░░   30.0 %  12 kW of 40 kW\n" in text


def test_the_next_faster_point_is_told_with_what_it_takes() -> None:
    text = printed(made.document())
    start = text.index("Next point that is faster")
    assert text[start : text.index("\n\n", start)] == (
        "Next point that is faster: +20 tok/s/user for +US$56/h (to 100 tok/s/user,\n"
        "US$96/h)\n"
        "  +6 chat: TP8 on h100\n"
        "  −4 chat: TP4 on h100\n"
        "  −4 chat: TP2 on l40s\n"
        "  +4 nodes of h100 reserved"
    )


def test_the_rows_say_where_all_points_are() -> None:
    assert "3 points; exact values: r.json\n" in printed(made.document())


def test_a_partial_result_names_what_is_open() -> None:
    text = printed(made.partial())
    assert (
        "1 region of speed and cost\nis not closed by a proof. 1 of them may still be beaten.\n"
        in text
    )
    assert "Better fleets may hide where\n  speed above 25: time limit\n" in text


def test_an_infeasible_result_tells_its_conflict() -> None:
    text = printed(made.infeasible())
    assert "These 2 limits conflict; no smaller set of limits conflicts.\n" in text
    assert "  stock of h100: 64 devices stated; 72 devices would do\n" in text
    assert "  power, now 40 kW: no value of it alone is enough" in text


def test_answers_stand_under_their_questions() -> None:
    document = made.document()
    document["answers"] = {
        "reference": {"cost": 24.0, "text": "compared with the cheapest plan"},
        "limits": [{"limit": "power", "text": "power: one more kW is worth nothing"}],
        "preferences": [{"name": "only h100", "extra": 8.0}],
    }
    text = printed(document)
    assert "Answers\n  compared with the cheapest plan\n" in text
    assert "worth\n  power: one more kW is worth nothing\n" in text
    assert "What a preference costs\n  name only h100; extra 8" in text


def test_notes_and_warnings_are_told() -> None:
    document = made.document()
    document["provenance"].update(warnings=["a price is old"], notes=["3 points left out"])
    assert printed(document).endswith("warning: a price is old\nnote: 3 points left out")


def test_many_points_are_told_in_twelve_rows() -> None:
    document = made.document()
    first = document["points"][0]
    document["points"] = [
        {
            **first,
            "objectives": {"speed": 100.0 - k, "cost": 200.0 - 3 * k},
            "exact": {"speed": str(100 - k), "cost": str(200 - 3 * k)},
        }
        for k in range(50)
    ]
    assert "12 of 50 points" in printed(document)


def test_a_terminal_without_unicode_gets_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_fleet(made.document(), Console(file=stream, width=80, highlight=False))
    stream.flush()
    text = raw.getvalue().decode("ascii")
    assert "* knee" in text
    assert "###.........   25.0 %" in text
    assert "?" not in text


def test_markup_in_names_is_shown_and_not_obeyed() -> None:
    document = made.document()
    document["instance"]["resolved"]["title"] = "[bold]a\x1b[31m[/bold]"
    assert printed(document).startswith("[bold]a[31m[/bold]\n")


def test_the_same_result_prints_the_same() -> None:
    assert printed(made.three()) == printed(made.three())
