"""Foreign files are read whole or refused with what they are and the cure, and never wait."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from pathlib import Path

import pytest

from solver.errors import InstanceError
from solver.importers.safe_reading import MAX_JSON_DEPTH, read_data, read_json, read_text

WHAT = "a model's config.json"
LIMIT = 5_000_000


def refusal(path: Path) -> str:
    with pytest.raises(InstanceError) as caught:
        read_json(path, what=WHAT, max_bytes=LIMIT)
    return str(caught.value)


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "file.json"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\x1f\x8brest", "a gzip archive"),
        (b"\xfd7zXZ\x00rest", "an xz archive"),
        (b"BZh9rest", "a bzip2 archive"),
        (b"\x28\xb5\x2f\xfdrest", "a zstd archive"),
        (b"name".ljust(257, b"\0") + b"ustar\x00", "a tar archive"),
    ],
)
def test_an_archive_is_named_and_not_unpacked(tmp_path: Path, data: bytes, kind: str) -> None:
    told = refusal(written(tmp_path, data))
    assert f"is {kind}" in told
    assert "Unpack it" in told


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = written(tmp_path, b"{}")
    os.truncate(path, 100_000_000)
    begun = time.perf_counter()
    assert "100000000 bytes" in refusal(path)
    assert time.perf_counter() - begun < 0.5


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert "is a pipe" in refusal(path)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert "is a directory" in refusal(tmp_path)


def test_a_device_is_refused() -> None:
    assert "is a device" in refusal(Path("/dev/zero"))


def test_a_link_is_followed(tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(written(tmp_path, b'{"a": 1}'))
    assert read_json(link, what=WHAT, max_bytes=LIMIT) == {"a": 1}


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.symlink_to(other)
    other.symlink_to(one)
    assert "cannot be read" in refusal(one)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nothing.json")


def test_a_name_that_is_no_path_is_refused() -> None:
    assert "is no path" in refusal(Path("a\0b"))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert "is empty" in refusal(written(tmp_path, b" \n"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_with_a_byte_order_mark_is_text(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, '{"a": "ä"}'.encode(encoding))
    assert read_json(path, what=WHAT, max_bytes=LIMIT) == {"a": "ä"}


@pytest.mark.parametrize("data", [b"\xff{}", b'{"a": "\xe4"}', b"\xff\xfea"])
def test_text_in_another_encoding_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "text (byte" in refusal(written(tmp_path, data))


def test_a_null_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InstanceError, match=r"null character \(line 2\)"):
        read_text(written(tmp_path, b"a\n\0"), what=WHAT, max_bytes=LIMIT)


@pytest.mark.parametrize("levels", [MAX_JSON_DEPTH + 1, 1_000, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_refused(tmp_path: Path, levels: int, opened: bytes, closed: bytes) -> None:
    path = written(tmp_path, opened * levels + b"1" + closed * levels)
    assert f"deeper than {MAX_JSON_DEPTH} levels" in refusal(path)


def test_nesting_up_to_the_limit_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"[" * MAX_JSON_DEPTH + b"]" * MAX_JSON_DEPTH)
    assert read_json(path, what=WHAT, max_bytes=LIMIT)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_of_json_is_refused(tmp_path: Path, word: str) -> None:
    assert f"holds {word}" in refusal(written(tmp_path, f"[{word}]".encode()))


@pytest.mark.parametrize("number", ["1e401", "1e999999999", "1e99999999999999999999", "9" * 500])
def test_a_number_out_of_range_is_refused(tmp_path: Path, number: str) -> None:
    assert "out of range" in refusal(written(tmp_path, f"[{number}]".encode()))


def test_decimals_stay_exact(tmp_path: Path) -> None:
    path = written(tmp_path, b"[0.1, 1e3, 7]")
    found = read_json(path, what=WHAT, max_bytes=LIMIT)
    assert found == [Decimal("0.1"), Decimal(1000), 7]
    assert [type(value) for value in found] == [Decimal, Decimal, int]


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert "names the key 'a' twice" in refusal(written(tmp_path, b'{"b": {"a": 1, "a": 2}}'))


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    assert "lone surrogate" in refusal(written(tmp_path, b'{"a": ["\\ud800"]}'))


def test_a_character_of_two_halves_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, b'["\\ud83d\\ude00"]')
    assert read_json(path, what=WHAT, max_bytes=LIMIT) == ["\N{GRINNING FACE}"]


@pytest.mark.parametrize(
    "data", [b'{"\x1b[31mred": 1', b'{"\\u001b[31m": 1, "\\u001b[31m": 2}', b"\x1b[2J"]
)
def test_messages_carry_no_control_characters(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "red\x1b[31m.json"
    path.write_bytes(data)
    assert refusal(path).isprintable()


def test_messages_quote_little_of_the_file(tmp_path: Path) -> None:
    secret = b"x" * 10_000
    told = refusal(written(tmp_path, b'{"' + secret + b'": 1, "' + secret + b'": 2}'))
    assert len(told) < 300 + len(str(tmp_path))


def test_bytes_are_read_as_they_are(tmp_path: Path) -> None:
    assert read_data(written(tmp_path, b"\xff\x00"), what=WHAT, max_bytes=2) == b"\xff\x00"
