from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from solver.errors import OutputError
from solver.result.writing import check_writable, write_whole


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    write_whole({path: b"new", tmp_path / "b": b"other"})
    assert path.read_bytes() == b"new"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a", "b"]


def test_a_failure_touches_no_file_and_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(OutputError, match="cannot be written"):
        write_whole({path: b"new", tmp_path / "none" / "b": b"other"})
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_whole({tmp_path / "ours": b""})
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("inside", ["r.json", "deep/er/r.json"])
def test_a_file_in_place_of_a_folder_is_called_a_file(tmp_path: Path, inside: str) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(OutputError, match=r"taken is a file, not a folder\. Name a folder"):
        check_writable({"--out": tmp_path / "taken" / inside})


def test_every_unusable_path_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        check_writable({"--out": tmp_path, "--csv": tmp_path / "x" / "y", "--plot": None})
    assert len(caught.value.faults) == 2


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    write_whole({tmp_path / "link": b"new"})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    check_writable({"--out": pipe})
    write_whole({pipe: b"through"})
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        check_writable({"--out": tmp_path / ("a" * 300)})
