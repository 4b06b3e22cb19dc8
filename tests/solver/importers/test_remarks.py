"""What is missing is told in short lines, and found again whatever became of them."""

from __future__ import annotations

import tomllib

from solver.importers.drafting import draft
from solver.importers.findings import Figure, Findings, Missing
from solver.importers.toml_edits import missing_in

FLEET = 'schema = 1\nkind = "fleet"\nname = "f"\n\n[[machines]]\nname = "a"\n'
LONG = Missing(
    "machines.a.usd_per_hour",
    "What does one device of a cost (tier 'on-demand' (2026) would do)? " + "More words. " * 20,
    "--usd-per-hour a=",
    "2.95",
)
CELL = Missing("points-x.csv.machine", "Which machine did it run on?", "--machine", "h100")


def asked(*missing: Missing, text: str = FLEET) -> str:
    return draft(Findings("fleet", {}, missing), existing=text, name="x", where="x.toml").text


def test_a_long_question_is_told_in_short_lines_and_read_back() -> None:
    text = asked(LONG)
    assert max(map(len, text.splitlines())) <= 100
    (found,) = missing_in(text, "x.toml")
    assert (found.key, found.flag, found.example) == (LONG.key, LONG.flag, LONG.example)
    assert found.question.split() == LONG.question.split()
    assert asked(LONG, text=text) == text


def test_the_line_below_is_what_to_fill_in() -> None:
    text = asked(LONG).replace('# usd_per_hour = "2.95"', 'usd_per_hour = "3"')
    assert tomllib.loads(text)["machines"][0]["usd_per_hour"] == "3"
    assert missing_in(text, "x.toml") == ()
    # The question goes with the next import.
    assert "missing" not in asked(text=text)


def test_a_cell_of_a_table_is_told_as_no_line_of_toml() -> None:
    text = asked(CELL)
    assert '# in points-x.csv: machine = "h100"\n' in text
    assert missing_in(text, "x.toml") == (CELL,)
    answered = Findings("fleet", {}, answered=("points-x.csv.machine",))
    assert "missing" not in draft(answered, existing=text, name="x", where="x").text


def test_a_key_of_a_table_that_is_not_there_can_be_filled_in_where_it_stands() -> None:
    replica = 'schema = 1\nkind = "replica"\nname = "r"\n\n[design]\naccelerator = "L4"\n'
    price = Missing("price.usd_per_hour", "What does it cost?", "--usd-per-hour", "2.50")
    made = draft(Findings("replica", {}, (price,)), existing=replica, name="x", where="x")
    filled = tomllib.loads(made.text.replace("# price.usd", "price.usd"))
    assert filled["price"] == {"usd_per_hour": "2.50"}
    assert filled["design"] == {"accelerator": "L4"}


def test_what_only_looks_like_a_remark_stays() -> None:
    text = FLEET + "# missing: my keys\n# missing: (--x)\n# tier = 'spot'\n"
    found: Findings = Findings("fleet", {"machines": [{"name": Figure("a")}]})
    assert draft(found, existing=text, name="x", where="x").text == text


def test_comments_of_a_table_stand_in_one_column() -> None:
    table = {
        "name": Figure("b", "one"),
        "accelerator": Figure("L40S", "two"),
        "source": Figure("w" * 60, "far out"),
    }
    made = draft(Findings("fleet", {"machines": [table]}), existing=FLEET, name="x", where="x")
    lines = made.text.splitlines()
    assert 'name = "b"            # one' in lines
    assert 'accelerator = "L40S"  # two' in lines
    assert any(line.endswith('"  # far out') for line in lines)
