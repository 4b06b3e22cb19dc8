"""Every entry of the registry is whole, and engines read what the registry says."""

from __future__ import annotations

from importlib import import_module

import pytest

from solver.bench import registry
from solver.bench.kinds.kind import OWN, Entry
from solver.bench.registry import (
    DEFAULT_ENGINES,
    ENGINES,
    GROUPS,
    all_entries,
    engines_of,
    kind_of_group,
)
from solver.engines import get_engine
from solver.errors import EngineError

ENTRIES = all_entries()
PROGRAMS = [entry for entry in ENTRIES if entry.takes != "algorithm"]


def name_of(entry: Entry) -> str:
    return f"{entry.group}-{entry.name}"


@pytest.mark.parametrize("name", [name for name in ENGINES if name != OWN])
def test_an_engine_accepts_exactly_the_kinds_it_is_listed_for(name: str) -> None:
    try:
        engine = get_engine(name)
    except EngineError as error:
        pytest.skip(str(error))
    listed = {kind for kind, readers in registry._READERS.items() if name in readers}
    assert set(engine.accepts) == listed


def test_every_engine_of_a_program_is_one_that_can_be_asked_for() -> None:
    assert {name for entry in ENTRIES for name in engines_of(entry)} <= set(ENGINES)
    assert set(DEFAULT_ENGINES) <= set(ENGINES)


def test_algorithms_say_what_they_run_on_and_programs_do_not() -> None:
    for entry in ENTRIES:
        assert bool(entry.engines) == (entry.takes == "algorithm"), name_of(entry)


def test_names_of_a_group_are_told_apart() -> None:
    assert len({(entry.group, entry.name) for entry in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_one_textbook_formulation(group: str) -> None:
    assert kind_of_group(group).group == group
    books = [e for e in ENTRIES if e.group == group and e.textbook]
    assert len(books) == 1
    assert books[0].exact


@pytest.mark.parametrize("group", ["replica", "placement", "flow", "fleet", "racks"])
def test_a_group_has_at_least_four_exact_formulations(group: str) -> None:
    assert sum(e.group == group and e.exact for e in PROGRAMS) >= 4


def test_moip_has_at_least_four_algorithms() -> None:
    assert sum(entry.group == "moip" for entry in ENTRIES) >= 4


def test_an_unknown_group_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        kind_of_group("soup")


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_an_entry_has_one_line_of_summary(entry: Entry) -> None:
    assert 10 < len(entry.summary) < 120
    assert "\n" not in entry.summary


@pytest.mark.parametrize("entry", PROGRAMS, ids=name_of)
def test_a_formulation_is_a_model_with_size_and_strength(entry: Entry) -> None:
    module = import_module(entry.module)
    text = module.__doc__ or ""
    assert len(text) > 300
    assert "Size" in text
    assert "Strength" in text
    assert entry.strength
    assert callable(vars(module)[f"build_{entry.name}"])
    assert callable(vars(module)[f"size_{entry.name}"])


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.takes == "algorithm"], ids=name_of)
def test_the_module_of_an_algorithm_says_what_it_does(entry: Entry) -> None:
    assert len(import_module(entry.module).__doc__ or "") > 40
