"""The checkpoint: round trips, kills, cuts, flipped bytes, locks and files of others."""

from __future__ import annotations

import importlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import OutputError, ResultError
from solver.sweep.moip.checkpoint import Checkpoint
from solver.sweep.moip.checkpoint_lines import LineCodec
from solver.sweep.moip.claims import Claim, FoundPoint

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.append(str(HERE))
workers: Any = importlib.import_module("moip_workers")

PROGRAM: MultiObjectiveProgram = workers.small_program()
POINTS: list[FoundPoint] = [workers.found(PROGRAM, x) for x in ((0, 0, 3, 0), (1, 0, 0, 0))]
CLAIMS = [
    Claim((5, 9), None, None, "cp-sat", "infeasible"),
    Claim((-2, 7), (1, 0), -12, "highs", "bound"),
]


def plain(records: Iterable[FoundPoint | Claim]) -> list[Any]:
    """Records in a form that compares."""
    return [r if isinstance(r, Claim) else (r.image, r.x.tolist()) for r in records]


def begin(
    path: Path, points: Sequence[FoundPoint] = POINTS, claims: Sequence[Claim] = CLAIMS
) -> bytes:
    """Write a checkpoint; returns its bytes."""
    with Checkpoint.open(path, PROGRAM) as checkpoint:
        checkpoint.record(points, claims)
    return path.read_bytes()


def seal(line: str, **changes: Any) -> bytes:
    """A line with changed content and a check that fits."""
    content = json.loads(line)
    del content["check"]
    content.update(changes)
    lines = importlib.import_module("solver.sweep.checkpoint_lines")
    return bytes(lines.sealed(content, PROGRAM.digest)) + b"\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the disk, where a test opens a file a thousand times."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


integers = st.integers(-(10**30), 10**30)
claims = st.one_of(
    st.builds(
        Claim,
        upper=st.tuples(integers, integers),
        weights=st.none(),
        bound=st.none(),
        engine=st.text(),
        closed_by=st.sampled_from(["infeasible", "enumeration"]),
    ),
    st.builds(
        Claim,
        upper=st.tuples(integers, integers),
        weights=st.tuples(st.integers(0, 10**30), st.integers(0, 10**30)),
        bound=integers,
        engine=st.text(),
        closed_by=st.just("bound"),
    ),
)
points = st.sampled_from(list(workers.feasible_values())).map(
    lambda values: workers.found(PROGRAM, values)
)
batches = st.lists(st.tuples(st.lists(points, max_size=4), st.lists(claims, max_size=4)))


@given(batches)
@settings(max_examples=40, deadline=None)
def test_what_is_recorded_is_read_again(
    recorded: list[tuple[list[FoundPoint], list[Claim]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        with Checkpoint.open(path, PROGRAM) as checkpoint:
            for batch_points, batch_claims in recorded:
                checkpoint.record(batch_points, batch_claims)
        with Checkpoint.open(path, PROGRAM) as checkpoint:
            assert plain(checkpoint.points) == plain(p for batch, _ in recorded for p in batch)
            assert plain(checkpoint.claims) == plain(c for _, batch in recorded for c in batch)


def test_a_new_checkpoint_names_the_problem_and_holds_nothing(path: Path) -> None:
    with Checkpoint.open(path, PROGRAM) as checkpoint:
        assert (checkpoint.points, checkpoint.claims, checkpoint.notes) == ((), (), ())
    header = json.loads(path.read_text())
    assert header["fleetfront_checkpoint"] == 1
    assert header["program"] == PROGRAM.digest
    assert header["objectives"] == ["profit", "weight"]


def test_an_empty_file_becomes_a_checkpoint(path: Path) -> None:
    path.touch()
    begin(path)
    with Checkpoint.open(path, PROGRAM) as checkpoint:
        assert plain(checkpoint.points) == plain(POINTS)


def test_what_is_read_cannot_be_written_to(path: Path) -> None:
    begin(path)
    with Checkpoint.open(path, PROGRAM) as checkpoint, pytest.raises(ValueError, match="read-only"):
        checkpoint.points[0].x[0] = 1


def test_a_second_run_appends(path: Path) -> None:
    begin(path)
    begin(path, [workers.found(PROGRAM, (0, 1, 0, 1))], [])
    with Checkpoint.open(path, PROGRAM) as checkpoint:
        assert [p.x.tolist() for p in checkpoint.points][2:] == [[0, 1, 0, 1]]
        assert plain(checkpoint.claims) == plain(CLAIMS)


def test_a_closed_checkpoint_takes_nothing(path: Path) -> None:
    with Checkpoint.open(path, PROGRAM) as checkpoint:
        pass
    with pytest.raises(ValueError, match="closed"):
        checkpoint.record(POINTS, [])


def test_every_batch_is_forced_to_the_disk_before_record_returns(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)

    with Checkpoint.open(path, PROGRAM) as checkpoint:
        monkeypatch.setattr(os, "fsync", fsync)
        checkpoint.record(POINTS, CLAIMS)
        assert synced == [path.stat().st_size]


# Cuts and kills.


@pytest.mark.usefixtures("quick_disk")
def test_a_cut_at_any_byte_leaves_a_beginning_of_the_records(path: Path) -> None:
    data = begin(path)
    whole = plain([*POINTS, *CLAIMS])
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with Checkpoint.open(path, PROGRAM) as checkpoint:
            read = plain([*checkpoint.points, *checkpoint.claims])
            assert read == whole[: max(0, data[:length].count(b"\n") - 1)]
            assert bool(checkpoint.notes) == (length > 0 and data[length - 1 : length] != b"\n")
            checkpoint.record([POINTS[0]], [])
        with Checkpoint.open(path, PROGRAM) as checkpoint:
            assert len(checkpoint.points) + len(checkpoint.claims) == len(read) + 1
            assert not checkpoint.notes


def test_a_writer_killed_at_any_moment_leaves_a_checkpoint_that_opens(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    kept = 0
    for pause_s in (0.0, 0.05, 0.11):
        with subprocess.Popen(
            [sys.executable, HERE / "moip_workers.py", "write", path],
            stdout=subprocess.PIPE,
            env=environment,
            cwd=HERE.parents[3],
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"open\n"
            time.sleep(pause_s)
            process.send_signal(signal.SIGKILL)
        with Checkpoint.open(path, PROGRAM) as checkpoint:
            assert len(checkpoint.points) >= kept
            kept = len(checkpoint.points)
    assert kept > 0


def test_a_write_that_fails_half_way_leaves_what_was_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(path)
    pwrite = os.pwrite
    calls: list[int] = []

    def full_disk(descriptor: int, data: bytes, at: int) -> int:
        calls.append(at)
        if len(calls) % 2 == 0:
            raise OSError(28, "No space left on device")
        return pwrite(descriptor, data[:10], at)

    with Checkpoint.open(path, PROGRAM) as checkpoint:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", full_disk)
            with pytest.raises(OutputError, match="No space left on device"):
                checkpoint.record(POINTS, CLAIMS)
        checkpoint.record([], [CLAIMS[0]])
    with Checkpoint.open(path, PROGRAM) as checkpoint:
        assert plain(checkpoint.claims) == plain([*CLAIMS, CLAIMS[0]])
        assert not checkpoint.notes


# Damage.


@pytest.mark.usefixtures("quick_disk")
@pytest.mark.parametrize("recover", [False, True])
def test_one_flipped_byte_never_becomes_a_wrong_record(path: Path, recover: bool) -> None:
    data = begin(path)
    whole = plain([*POINTS, *CLAIMS])
    kept = path.with_name("run.jsonl.damaged")
    # One flip that is easy to miss (another digit), one that makes no text.
    for offset, flip in itertools.product(range(len(data)), (0x01, 0x80)):
        damaged = bytearray(data)
        damaged[offset] ^= flip
        path.write_bytes(damaged)
        kept.unlink(missing_ok=True)
        try:
            with Checkpoint.open(path, PROGRAM, recover=recover) as checkpoint:
                read = plain([*checkpoint.points, *checkpoint.claims])
                assert all(record in whole for record in read)
                # All are there, or it is told that one or two (a line end is gone) are not.
                assert len(read) >= len(whole) - 2
                assert len(read) == len(whole) or checkpoint.notes
        except ResultError:
            assert not recover
            assert path.read_bytes() == damaged


def test_damage_is_refused_with_the_line_and_what_is_left(path: Path) -> None:
    lines = begin(path).splitlines(keepends=True)
    lines[2] = lines[2].replace(b"1", b"2", 1)
    path.write_bytes(b"".join(lines))
    with pytest.raises(ResultError, match=r"run\.jsonl, line 3: .*4 lines are intact.*--recover"):
        Checkpoint.open(path, PROGRAM)
    assert path.read_bytes() == b"".join(lines)


def test_recovery_keeps_the_intact_lines_and_the_damaged_file(path: Path) -> None:
    lines = begin(path).splitlines(keepends=True)
    lines[2] = b"no JSON at all\n"
    path.write_bytes(b"".join(lines))
    with Checkpoint.open(path, PROGRAM, recover=True) as checkpoint:
        assert plain(checkpoint.points) == plain(POINTS[:1])
        assert plain(checkpoint.claims) == plain(CLAIMS)
        assert "line 3" in checkpoint.notes[0]
        checkpoint.record(POINTS[1:], [])
    assert path.with_name("run.jsonl.damaged").read_bytes() == b"".join(lines)
    with Checkpoint.open(path, PROGRAM) as checkpoint:
        assert plain(checkpoint.points) == plain(POINTS)


def test_a_second_recovery_does_not_overwrite_what_the_first_kept(path: Path) -> None:
    data = begin(path)
    for rubbish in (b"first\n", b"second\n"):
        path.write_bytes(data + rubbish)
        Checkpoint.open(path, PROGRAM, recover=True).close()
    assert path.with_name("run.jsonl.damaged").read_bytes() == data + b"first\n"
    assert path.with_name("run.jsonl.damaged2").read_bytes() == data + b"second\n"


def test_recovery_leaves_no_other_file_behind(path: Path) -> None:
    path.write_bytes(begin(path) + b"rubbish\n")
    Checkpoint.open(path, PROGRAM, recover=True).close()
    assert {p.name for p in path.parent.iterdir()} == {"run.jsonl", "run.jsonl.damaged"}


def test_recovery_keeps_the_permissions(path: Path) -> None:
    path.write_bytes(begin(path) + b"rubbish\n")
    path.chmod(0o640)
    Checkpoint.open(path, PROGRAM, recover=True).close()
    assert path.stat().st_mode & 0o777 == 0o640


def test_recovery_without_damage_changes_nothing(path: Path) -> None:
    data = begin(path)
    with Checkpoint.open(path, PROGRAM, recover=True) as checkpoint:
        assert not checkpoint.notes
    assert path.read_bytes() == data
    assert [p.name for p in path.parent.iterdir()] == ["run.jsonl"]


def test_a_lost_first_line_is_recovered_where_others_show_the_problem(path: Path) -> None:
    lines = begin(path).splitlines(keepends=True)
    path.write_bytes(b"".join(lines[1:]))
    with pytest.raises(ResultError, match=r"line 1: .*4 lines are intact"):
        Checkpoint.open(path, PROGRAM)
    with Checkpoint.open(path, PROGRAM, recover=True) as checkpoint:
        assert plain([*checkpoint.points, *checkpoint.claims]) == plain([*POINTS, *CLAIMS])
    assert path.read_bytes() == b"".join(lines)


@pytest.mark.parametrize(
    ("line", "changes", "reason"),
    [
        (1, {"x": {"2": 2}}, "has the objectives"),
        (1, {"x": {"2": 4}}, "column 2 is 4, outside 0 to 3"),
        (1, {"x": {"0": 3, "1": 3, "2": 3}}, "row 0 is 9"),
        (1, {"x": {"4": 1}}, "no column 4"),
        (1, {"x": {"-1": 1}}, "no column -1"),
        (1, {"x": {"2": True}}, "no integer value"),
        (1, {"x": {"2": 10**30}}, "no integer value"),
        (1, {"point": [-12, 3, 0]}, "not 2 integers"),
        (1, {"point": [-12.0, 3]}, "not 2 integers"),
        (3, {"claim": {}}, "neither a point nor a claim"),
        (3, {"claim": 7}, "neither a point nor a claim"),
    ],
)
def test_a_wrong_line_is_damage_even_if_its_check_fits(
    path: Path, line: int, changes: dict[str, Any], reason: str
) -> None:
    lines = begin(path).splitlines(keepends=True)
    lines[line] = seal(lines[line].decode(), **changes)
    path.write_bytes(b"".join(lines))
    with pytest.raises(ResultError, match=reason):
        Checkpoint.open(path, PROGRAM)


@pytest.mark.parametrize(
    "changes",
    [
        {"upper": [1, 2, 3]},
        {"upper": [1.5, 2]},
        {"weights": [1]},
        {"weights": [1, -1]},
        {"weights": None},
        {"bound": None},
        {"bound": True},
        {"bound": 1.5},
        {"engine": None},
        {"closed_by": "hope"},
    ],
)
def test_a_claim_in_a_wrong_shape_is_damage_even_if_its_check_fits(
    path: Path, changes: dict[str, Any]
) -> None:
    lines = begin(path).splitlines(keepends=True)
    claim = json.loads(lines[4])["claim"]
    lines[4] = seal(lines[4].decode(), claim={**claim, **changes})
    path.write_bytes(b"".join(lines))
    with pytest.raises(ResultError, match="line 5"):
        Checkpoint.open(path, PROGRAM)


def test_deeply_nested_text_is_damage_and_no_crash(path: Path) -> None:
    codec = LineCodec(PROGRAM)
    lines = importlib.import_module("solver.sweep.checkpoint_lines")
    body = b'{"point":' + b"[" * 100_000
    path.write_bytes(codec.header() + body + lines._seal(body, PROGRAM.digest) + b"\n")
    with pytest.raises(ResultError, match="no JSON object"):
        Checkpoint.open(path, PROGRAM)


# Files of others.


@pytest.mark.parametrize("recover", [False, True])
def test_a_checkpoint_of_another_problem_is_refused(path: Path, recover: bool) -> None:
    data = begin(path)
    other = workers.small_program(name="other", first_cost=-2)
    with pytest.raises(ResultError) as refused:
        Checkpoint.open(path, other, recover=recover)
    assert PROGRAM.digest[:12] in str(refused.value)
    assert other.digest[:12] in str(refused.value)
    assert path.read_bytes() == data


def test_a_line_of_another_problem_is_damage(path: Path) -> None:
    data = begin(path)
    other = workers.small_program(name="other", first_cost=-2)
    foreign = LineCodec(other).write(workers.found(other, (0, 0, 3, 0)))
    path.write_bytes(data + foreign)
    with pytest.raises(ResultError, match=r"line 6: .*check does not fit"):
        Checkpoint.open(path, PROGRAM)


def test_the_name_of_a_problem_does_not_matter(path: Path) -> None:
    begin(path)
    with Checkpoint.open(path, workers.small_program(name="renamed")) as checkpoint:
        assert plain(checkpoint.points) == plain(POINTS)


@pytest.mark.parametrize("recover", [False, True])
@pytest.mark.parametrize(
    "text", ["a letter\n", "a letter", "{}\n", '{"schema": 1}', "\n", "\0" * 9]
)
def test_a_file_that_is_no_checkpoint_is_refused_and_stays(
    path: Path, text: str, recover: bool
) -> None:
    path.write_text(text)
    with pytest.raises(ResultError, match="is no checkpoint"):
        Checkpoint.open(path, PROGRAM, recover=recover)
    assert path.read_text() == text


def test_a_later_version_is_refused(path: Path) -> None:
    lines = begin(path).splitlines(keepends=True)
    lines[0] = seal(lines[0].decode(), fleetfront_checkpoint=2)
    path.write_bytes(b"".join(lines))
    with pytest.raises(ResultError, match="has version 2"):
        Checkpoint.open(path, PROGRAM, recover=True)


@pytest.mark.parametrize("place", ["missing/run.jsonl", ".", "/dev/null", "nul\0name"])
def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(OutputError, match=r"--checkpoint .*cannot be opened"):
        Checkpoint.open(tmp_path / place, PROGRAM)


# Two runs and one file.


def test_two_runs_cannot_share_a_checkpoint(path: Path) -> None:
    with (
        Checkpoint.open(path, PROGRAM),
        pytest.raises(OutputError, match="in use by another run"),
    ):
        Checkpoint.open(path, PROGRAM)


def test_the_lock_holds_after_a_recovery(path: Path) -> None:
    path.write_bytes(begin(path) + b"rubbish\n")
    with (
        Checkpoint.open(path, PROGRAM, recover=True),
        pytest.raises(OutputError, match="in use by another run"),
    ):
        Checkpoint.open(path, PROGRAM)


def test_a_refused_checkpoint_is_not_left_locked(path: Path) -> None:
    data = begin(path)
    path.write_bytes(data + b"rubbish\n")
    with pytest.raises(ResultError):
        Checkpoint.open(path, PROGRAM)
    with Checkpoint.open(path, PROGRAM, recover=True) as checkpoint:
        assert plain(checkpoint.points) == plain(POINTS)


def test_a_checkpoint_removed_under_a_run_is_told(path: Path) -> None:
    with Checkpoint.open(path, PROGRAM) as checkpoint:
        path.unlink()
        with pytest.raises(OutputError, match="moved or removed"):
            checkpoint.record(POINTS, [])


def test_a_checkpoint_cut_under_a_run_is_told(path: Path) -> None:
    with Checkpoint.open(path, PROGRAM) as checkpoint:
        os.truncate(path, 5)
        with pytest.raises(OutputError, match="cut short by someone else"):
            checkpoint.record(POINTS, [])


def test_a_link_stays_a_link_after_a_recovery(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.jsonl"
    path.write_bytes(begin(path) + b"rubbish\n")
    link.symlink_to(path)
    Checkpoint.open(link, PROGRAM, recover=True).close()
    assert link.is_symlink()
    assert b"rubbish" not in path.read_bytes()


def test_numpy_integers_are_written_as_plain_ones(path: Path) -> None:
    claim = Claim((np.int64(3), np.int64(4)), (np.int64(1), np.int64(0)), np.int64(2), "e", "bound")
    begin(path, [], [claim])
    with Checkpoint.open(path, PROGRAM) as checkpoint:
        assert checkpoint.claims == (Claim((3, 4), (1, 0), 2, "e", "bound"),)
