"""Files that are built to hang, fill or fool a reader end with status 2 and one plain line."""

from __future__ import annotations

import os
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from solver.cli import main

Run = Callable[..., tuple[int, str]]
PATIENCE_S = 60
HEAD = "schema = 1\nkind = 'replica'\nname = 'x'\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in a thread, so that one that hangs fails the test and does not hang it."""

    def call(*arguments: object) -> tuple[int, str]:
        found: list[int] = []
        worker = threading.Thread(
            target=lambda: found.append(main([str(word) for word in arguments])), daemon=True
        )
        start = time.monotonic()
        worker.start()
        worker.join(PATIENCE_S)
        assert found, f"still running after {time.monotonic() - start:.0f} s"
        told = capsys.readouterr()
        assert told.out == ""
        assert "Traceback" not in told.err
        return found[0], told.err

    return call


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as stream:
        stream.truncate(size)
    return path


DEEP = {
    "arrays": HEAD + "a = " + "[" * 100_000,
    "inline tables": HEAD + "a = " + "{a=" * 50_000 + "1" + "}" * 50_000,
    "a dotted key": HEAD + ".".join("a" * 100_000) + " = 1\n",
    "a dotted key in quotes": HEAD + ".".join(['"a b"'] * 50_000) + " = 1\n",
    "a dotted header": HEAD + "[" + ".".join("a" * 100_000) + "]\nx = 1\n",
    "a dotted key in a table": HEAD + "x = { " + ".".join("a" * 100_000) + " = 1 }\n",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_deep_nesting_is_refused(text: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text(text)
    status, told = run("solve", path)
    assert status == 2
    assert told.startswith(str(path))


def test_a_hundred_megabytes_are_refused_unread(run: Run, tmp_path: Path) -> None:
    status, told = run("solve", sparse(tmp_path / "big.toml", 100_000_000))
    assert status == 2
    assert "100000000 bytes" in told


def test_thousands_of_faults_are_counted_not_listed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "many.toml"
    path.write_text(HEAD + "".join(f"k{number} = 1\n" for number in range(5000)))
    status, told = run("solve", path)
    assert status == 2
    assert len(told.splitlines()) < 110
    assert "more faults are not listed" in told


@pytest.mark.parametrize("command", ["solve", "show", "verify", "moip"])
def test_a_pipe_does_not_hang(command: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / ("pipe.json" if command in ("verify", "moip") else "pipe.toml")
    os.mkfifo(path)
    status, told = run(command, path)
    assert status == 2
    assert "is a pipe" in told


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_not_read(device: str, run: Run, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(device)
    status, told = run("solve", link)
    assert status == 2
    assert "is a device" in told


def test_links_that_lead_nowhere_are_refused(run: Run, tmp_path: Path) -> None:
    loop = tmp_path / "loop.toml"
    loop.symlink_to(loop)
    status, told = run("solve", loop)
    assert status == 2
    assert "cannot be read" in told


def test_an_archive_is_named_and_not_unpacked(run: Run, tmp_path: Path) -> None:
    inside = tmp_path / "question.toml"
    inside.write_text(HEAD)
    path = tmp_path / "archive.toml"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(inside, "../../question.toml")
    before = sorted(tmp_path.parent.iterdir())
    status, told = run("solve", path)
    assert status == 2
    assert "is a gzip archive" in told
    assert sorted(tmp_path.parent.iterdir()) == before


SECRET = "root:secret-of-this-machine:0:0"


@pytest.mark.parametrize(
    "named",
    [
        '[workload]\nmodel = {{ config = "{path}" }}\ncontext_tokens = 1\n',
        'catalog = ["{path}"]\n[workload]\nmodel = "x"\ncontext_tokens = 1\n',
    ],
    ids=["config", "catalog"],
)
def test_a_path_that_climbs_to_a_secret_does_not_show_what_is_there(
    named: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    path = folder / "climbs.toml"
    design = '[design]\naccelerator = "H100 SXM"\n'
    path.write_text(HEAD + named.format(path="../../secret") + design)
    status, told = run("solve", path)
    assert status == 2
    assert "secret-of-this-machine" not in told


FLEET = """
schema = 1
kind = "fleet"
name = "f"
[[workloads]]
name = "chat"
model = "Llama-3.1-8B"
input_tokens = 10
output_tokens = 10
requests_per_s = 1
points = "../secret"
[[machines]]
name = "h100"
accelerator = "H100 SXM"
"""


def test_a_table_of_points_that_is_a_secret_does_not_show_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "f").mkdir()
    path = tmp_path / "f" / "fleet.toml"
    path.write_text(FLEET)
    status, told = run("solve", path)
    assert status == 2
    assert "secret-of-this-machine" not in told
