from __future__ import annotations

from solver.bench.kinds.kind import Entry
from solver.bench.method import command_of, facts_of, method_of
from tests.solver.bench.made_rows import made_row

HEADER = {
    "set": "replica-small",
    "machine": "Linux x86_64",
    "cores": 2,
    "python": "3.11.9",
    "versions": {"highspy": "1.14.0"},
    "time_limit_s": 2.5,
    "seeds": 3,
    "started": "2026-11-22T00:00:00+00:00",
}
ENTRIES = [
    Entry("replica", name, "milp", "", "formulations.replica.column_selection")
    for name in ("compact", "strong")
]


def test_the_command_repeats_the_limits() -> None:
    assert command_of(HEADER) == "fleetfront bench replica-small --seeds 3 --time-limit 2.5"


def test_the_command_names_formulations_where_not_all_were_run() -> None:
    assert "--formulations strong" in command_of(HEADER, [made_row("strong")], ENTRIES)


def test_the_command_names_none_where_all_were_run() -> None:
    rows = [made_row("strong"), made_row("compact")]
    assert "--formulations" not in command_of(HEADER, rows, ENTRIES)


def test_all_levels_are_asked_for_by_their_word() -> None:
    assert "--levels all" in command_of({**HEADER, "levels_asked": None})


def test_every_fact_of_the_header_is_told_unknown_ones_by_their_key() -> None:
    facts = dict(facts_of({**HEADER, "weather": "rain"}))
    assert (facts["Versions"], facts["weather"]) == ("highspy 1.14.0", "rain")
    assert len(facts) == len(HEADER) + 1


def test_the_method_tells_the_limit_that_was_set() -> None:
    assert "2.5 s of wall time" in dict(method_of(HEADER))["What is timed"]
