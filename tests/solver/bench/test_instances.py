"""What a user may name, and what is told about what nobody can."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from solver.bench.families.catalogue import families
from solver.bench.instances import InstanceFile, instance_files
from solver.bench.set_files import set_names
from solver.errors import InstanceError, OutputError

TINY = "replica-layouts:layouts=4,batches=3"
MOIP = {
    "name": "two", "objectives": 2, "n": 2, "m": 1, "senses": ["max", "max"],
    "c": [[1, 2], [2, 1]], "A": {"start": [0, 2], "index": [0, 1], "value": [1, 1]},
    "row_sense": ["<="], "rhs": [1], "lb": [0, 0], "ub": [1, 1], "vtype": "BB",
}  # fmt: skip


def fault(asked: str, folder: Path) -> str:
    with pytest.raises(InstanceError) as told:
        instance_files(asked, folder)
    assert "\n" not in str(told.value)
    return str(told.value)


def bytes_of(files: list[InstanceFile]) -> dict[str, bytes]:
    return {one.path.name: one.path.read_bytes() for one in files}


@pytest.mark.parametrize("asked", ["nosuch", "small:pieces=3", "small,medium", "a\0b", "../none"])
def test_an_unknown_name_lists_all_sets_and_families(asked: str, tmp_path: Path) -> None:
    told = fault(asked, tmp_path)
    assert repr(asked) in told
    for name in (*set_names(), *families()):
        assert name in told


@pytest.mark.parametrize("asked", ["", "+", f"{TINY}+", f" + {TINY}"])
def test_an_empty_name_is_not_the_folder_at_hand(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.json").write_text(json.dumps(MOIP))
    assert "called ''" in fault(asked, tmp_path / "out")


def test_a_name_longer_than_any_path_is_told_short(tmp_path: Path) -> None:
    assert len(fault("x" * 5000, tmp_path)) < 300


def test_a_family_alone_gives_one_instance_with_its_defaults(tmp_path: Path) -> None:
    (one,) = instance_files("replica-layouts", tmp_path)
    assert (one.group, one.family, one.size) == ("replica", "replica-layouts", "")
    assert one.path.parent == tmp_path
    assert one.path.name == f"{one.name}.toml"


def test_seeds_counts_from_one_and_seed_names_one(tmp_path: Path) -> None:
    three = instance_files(f"{TINY},seeds=3", tmp_path)
    (second,) = instance_files(f"{TINY},seed=2", tmp_path)
    assert len({one.sha256 for one in three}) == 3
    assert second == three[1]


def test_of_seed_and_seeds_the_later_counts(tmp_path: Path) -> None:
    assert len(instance_files(f"{TINY},seed=7,seeds=2", tmp_path)) == 2
    assert len(instance_files(f"{TINY},seeds=2,seed=7", tmp_path)) == 1


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("nosuch=3", ["nosuch", "Parameters are layouts, batches"]),
        ("=3", ["Parameters are layouts"]),
        ("layouts=3", ["layouts", "greater than or equal to 4", "got 3"]),
        ("layouts=4.5", ["layouts", "integer", "got 4.5"]),
        ("layouts=many", ["layouts", "integer", "got 'many'"]),
        ("layouts=", ["layouts", "got ''"]),
        ("batches=1000000", ["batches", "less than or equal to"]),
        ("model=vast", ["model", "'small', 'medium'"]),
        ("draft=true,model=small", ["draft=false"]),
        ("layouts", ["'layouts' is no key=value", "seeds=3"]),
        ("seeds", ["'seeds' is no key=value"]),
    ],
)
def test_a_parameter_that_cannot_be_says_which_and_what_can(
    told: str, expected: list[str], tmp_path: Path
) -> None:
    message = fault(f"replica-layouts:{told}", tmp_path)
    assert "replica-layouts" in message
    for part in expected:
        assert part in message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "told",
    ["seeds=0", "seeds=x", "seeds=-1", "seeds=1.5", "seeds=", "seeds=²", "seed=x", "seeds=99999999",
     "seed=" + "9" * 5000],
)  # fmt: skip
def test_seeds_that_cannot_be_are_refused_before_anything_is_made(
    told: str, tmp_path: Path
) -> None:
    assert "whole number" in fault(f"{TINY},{told}", tmp_path)
    assert not list(tmp_path.iterdir())


def test_names_are_joined_by_plus_and_duplicates_come_once(tmp_path: Path) -> None:
    files = instance_files(f"{TINY} + {TINY},seeds=2+{TINY}", tmp_path)
    assert [one.name[-2:] for one in files] == ["s1", "s2"]


def test_a_generated_file_named_as_a_path_is_the_same_instance(tmp_path: Path) -> None:
    (made,) = instance_files(TINY, tmp_path)
    both = instance_files(f"{TINY}+{made.path}", tmp_path)
    assert [one.family for one in both] == ["replica-layouts"]


def test_the_same_words_give_the_same_bytes(tmp_path: Path) -> None:
    asked = f"{TINY},seeds=2+moip-knapsack:pieces=8"
    first = instance_files(asked, tmp_path / "a")
    second = instance_files(asked, tmp_path / "b")
    assert bytes_of(first) == bytes_of(second)
    assert [one.sha256 for one in first] == [one.sha256 for one in second]


def test_the_hash_is_that_of_the_file_where_nothing_lies_beside_it(tmp_path: Path) -> None:
    (made,) = instance_files(TINY, tmp_path)
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()


def test_two_instances_of_one_name_do_not_overwrite_each_other_unsaid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from solver.bench.families.family import Family, Generated

    made = families()["replica-layouts"]

    def nameless(parameters: object, seed: int) -> Generated:
        whole = made.make(parameters, seed)
        return Generated("same", whole.suffix, whole.text)

    fake = Family(made.name, made.group, made.summary, made.parameters, nameless)
    monkeypatch.setattr("solver.bench.instances.families", lambda: {made.name: fake})
    assert "two different instances" in fault(f"{TINY},seeds=2", tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        instance_files(TINY, tmp_path / "file")


def test_a_folder_gives_its_instances_in_order_and_nothing_else(tmp_path: Path) -> None:
    made = instance_files(f"{TINY},seeds=2", tmp_path / "made")
    (tmp_path / "made" / "notes.txt").write_text("not read")
    (tmp_path / "made" / "sub").mkdir()
    found = instance_files(str(tmp_path / "made"), tmp_path / "out")
    assert [one.sha256 for one in found] == [one.sha256 for one in made]
    assert [one.size for one in found] == ["", ""]
    assert not (tmp_path / "out").exists()


def test_a_folder_without_an_instance_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    assert "holds no instance" in fault(str(tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.toml", "kind = ", "is not a TOML file"),
        ("a.toml", "schema = 1\n", "kind is missing"),
        ("a.toml", "kind = 'soup'\n", "kind is 'soup'"),
        ("a.toml", "kind = ['fleet']\n", "kind is ['fleet']"),
        ("a.txt", "hello, world", "is not a TOML file"),
        ("a.json", "{", "is no JSON"),
        ("a.json", "[" * 100_000, "is no JSON"),
    ],
)
def test_a_file_that_is_no_instance_is_told_by_its_path(
    name: str, text: str, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text)
    message = fault(str(path), tmp_path)
    assert expected in message
    assert str(path) in message


@pytest.mark.parametrize("name", ["a.json", "a.toml"])
def test_bytes_that_are_no_text_are_told(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe\x00\x81" * 9)
    assert name in fault(str(tmp_path / name), tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "group"),
    [
        ("a.json", json.dumps(MOIP), "moip"),
        ("a.json", "{}", "fleet"),
        ("a.MPS", "NAME a\n", "moip"),
        ("a.toml", "kind = 'replica'", "replica"),
        ("a.toml", "kind = 'placement'", "placement"),
        ("a.toml", "kind = 'placement'\ntrade_off = ['throughput']", "flow"),
        ("a.toml", "kind = 'placement'\ntrade_off = ['latency', 'cost']", "placement"),
        ("a.toml", "kind = 'fleet'", "fleet"),
        ("a.toml", "kind = 'fleet'\n[[racks]]\nname = 'a'", "racks"),
    ],
)
def test_the_group_of_an_own_file_is_what_it_asks(
    name: str, text: str, group: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    (one,) = instance_files(str(tmp_path / name), tmp_path)
    assert (one.group, one.name, one.family, one.size) == (group, "a", "", "")


def test_a_compressed_program_is_moip(tmp_path: Path) -> None:
    path = tmp_path / "a.mps.gz"
    path.write_bytes(gzip.compress(b"NAME a\n"))
    assert instance_files(str(path), tmp_path)[0].group == "moip"
