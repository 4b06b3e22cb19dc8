"""Sets by name, and files of sets that are broken in every way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from solver.bench import set_files
from solver.bench.families.catalogue import families
from solver.bench.set_files import SIZES, members_of_sets, set_names
from solver.errors import InstanceError

HEAD = "schema = 1\n"


def entry(
    family: str = "moip-knapsack", size: str = "small", parameters: str = "pieces = 6",
    seeds: str = "[1, 2]",
) -> str:  # fmt: skip
    return (
        f'[[entry]]\nsize = "{size}"\nfamily = "{family}"\n'
        f"parameters = {{ {parameters} }}\nseeds = {seeds}\n"
    )


def family_of(group: str) -> str:
    return next(name for name, family in families().items() if family.group == group)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of set files in place of the real one; what was read before is forgotten."""
    folder = tmp_path / "sets"
    folder.mkdir()
    monkeypatch.setattr(set_files, "_PLACES", (tmp_path / "none", folder))
    set_files._all_members.cache_clear()
    yield folder
    set_files._all_members.cache_clear()


def fault() -> str:
    with pytest.raises(InstanceError) as told:
        set_names()
    return str(told.value)


def test_every_group_has_a_file_of_sets_in_the_checkout() -> None:
    groups = {member.group for member in members_of_sets(["all"])}
    assert groups <= {family.group for family in families().values()}
    assert "moip" in groups


def test_every_name_of_a_set_has_members_and_comes_once() -> None:
    names = set_names()
    assert len(set(names)) == len(names)
    for name in names:
        assert members_of_sets([name]), name


def test_no_two_members_of_a_set_are_the_same_or_share_a_name() -> None:
    members = members_of_sets(["tiny", "small"])
    assert len({(m.family.name, m.parameters, m.seed) for m in members}) == len(members)
    names = [member.make().name for member in members]
    assert len(set(names)) == len(names)


def test_a_member_makes_the_same_text_twice() -> None:
    for member in members_of_sets(["tiny"]):
        assert member.make() == member.make()


def test_names_are_sizes_groups_both_and_all_in_this_order(place: Path) -> None:
    (place / "a.toml").write_text(HEAD + entry(size="large") + entry(size="tiny"))
    assert set_names() == ("tiny", "large", "moip", "moip-tiny", "moip-large", "all")


def test_all_sizes_are_names_where_there_are_members(place: Path) -> None:
    text = "".join(entry(size=size) for size in reversed(SIZES))
    (place / "a.toml").write_text(HEAD + text)
    assert set_names()[:4] == SIZES


@pytest.mark.parametrize(("part", "whole"), [("flow", "placement"), ("racks", "fleet")])
def test_a_group_that_another_takes_in_is_in_both(part: str, whole: str, place: Path) -> None:
    text = entry(family_of(part), parameters="", seeds="[1]")
    text += entry(family_of(whole), parameters="", seeds="[1]")
    (place / "a.toml").write_text(HEAD + text)
    assert [m.group for m in members_of_sets([whole])] == [part, whole]
    assert [m.group for m in members_of_sets([f"{whole}-small"])] == [part, whole]
    assert [m.group for m in members_of_sets([part])] == [part]
    assert f"{part}-small" in set_names()


def test_members_of_several_sets_come_once_in_the_order_of_the_files(place: Path) -> None:
    (place / "b.toml").write_text(HEAD + entry(size="tiny", seeds="[9]"))
    (place / "a.toml").write_text(HEAD + entry(size="small", seeds="[3, 1]"))
    members = members_of_sets(["all", "tiny", "moip", "small"])
    assert [(m.size, m.seed) for m in members] == [("small", 3), ("small", 1), ("tiny", 9)]


def test_other_files_of_the_folder_are_not_sets(place: Path) -> None:
    (place / "README.md").write_text("no set")
    (place / "baseline.json").write_text("{}")
    (place / "a.toml").write_text(HEAD + entry())
    assert set_names() == ("small", "moip", "moip-small", "all")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("schema = ", "is no list of bench instances"),
        ("", "schema"),
        ("schema = 2\n" + entry(), "schema"),
        (HEAD, "entry"),
        (HEAD + "entry = 3\n", "entry"),
        (HEAD + "surprise = 1\n" + entry(), "surprise"),
        (HEAD + entry(size="huge"), "size"),
        (HEAD + entry(seeds="[]"), "seeds"),
        (HEAD + entry(seeds="['x']"), "seeds"),
        (HEAD + entry(seeds="3"), "seeds"),
        (HEAD + entry() + "weight = 1\n", "weight"),
        (HEAD + '[[entry]]\nsize = "small"\nseeds = [1]\n', "family"),
        (HEAD + entry(family="soup"), "there is no family 'soup'"),
        (HEAD + entry(parameters="items = 3"), "moip-knapsack, items"),
        (HEAD + entry(parameters="pieces = 0"), "moip-knapsack, pieces"),
        (HEAD + entry(parameters="pieces = [3]"), "got [3]"),
        (HEAD + entry(parameters="correlation = 'strongly'"), "strongly correlated"),
    ],
)
def test_a_broken_file_of_sets_is_told_by_its_path(text: str, expected: str, place: Path) -> None:
    path = place / "broken.toml"
    path.write_text(text)
    message = fault()
    assert str(path) in message
    assert expected in message


def test_a_file_of_sets_that_is_no_text_is_told(place: Path) -> None:
    (place / "broken.toml").write_bytes(b"\xff\xfe\x81")
    assert "broken.toml" in fault()


def test_every_fault_of_the_parameters_is_told(place: Path) -> None:
    (place / "a.toml").write_text(HEAD + entry(parameters="pieces = 0, limits = 0, soup = 1"))
    with pytest.raises(InstanceError) as told:
        set_names()
    assert len(told.value.faults) == 3


def test_a_folder_of_sets_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_files, "_PLACES", (tmp_path / "none",))
    set_files._all_members.cache_clear()
    with pytest.raises(InstanceError, match=r"are not there.*Install fleetfront again"):
        set_names()
    set_files._all_members.cache_clear()
