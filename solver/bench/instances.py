"""From what a user names to instance files: sets, families with parameters, or own files.

``replica-small``, ``small+fleet-medium``, ``moip-knapsack:pieces=30,seeds=5``, ``my.toml``, or a
folder.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solver.bench.families.catalogue import families
from solver.bench.set_files import Member, members_of_sets, parameters_of, set_names
from solver.errors import InstanceError, OutputError
from solver.instance.loading import load_tables
from solver.instance.reader import kind_of

__all__ = ["InstanceFile", "instance_files"]

_SUFFIXES = (".toml", ".json", ".mps", ".gz")
_MOST_SEEDS = 10_000


@dataclass(frozen=True, slots=True)
class InstanceFile:
    """One instance on disk; ``size`` and ``family`` are empty where it stands in no set."""

    group: str
    name: str
    path: Path
    sha256: str
    size: str = ""
    family: str = ""


def instance_files(asked: str, folder: Path) -> list[InstanceFile]:
    """Files of all instances that a user asked for, generated ones written into ``folder``.

    Parameters
    ----------
    asked
        Names joined by ``+``; see the module's text.

    Raises
    ------
    InstanceError
        Where a name is none of a set, a family or a file; the message lists what there is.
    """
    found: dict[str, InstanceFile] = {}
    written: dict[Path, str] = {}
    for part in asked.split("+"):
        for one in _files_of(part.strip(), folder):
            if written.setdefault(one.path, one.sha256) != one.sha256:
                # The second has overwritten the file that the first stands for.
                raise InstanceError.one(
                    "stands for two different instances",
                    where=str(one.path),
                    mend="Ask for one of them at a time, each with its own --out",
                )
            found.setdefault(f"{one.group} {one.sha256}", one)
    return list(found.values())


def _files_of(name: str, folder: Path) -> list[InstanceFile]:
    if name in set_names():
        return [_written(member, folder) for member in members_of_sets([name])]
    family, _, parameters = name.partition(":")
    if family in families():
        return [_written(member, folder) for member in _members_of(family, parameters)]
    # Without a name it would be the folder at hand, whatever lies in it.
    own = _own_files(Path(name)) if name else None
    if own is not None:
        return own
    raise InstanceError.one(
        f"no set, family or file is called {name!r}",
        where="bench",
        mend=f"Sets: {', '.join(set_names())}. Families, with FAMILY:key=value,seeds=3: "
        f"{', '.join(families())}",
    )


def _members_of(name: str, text: str) -> list[Member]:
    """``key=value,...`` of a family; ``seeds=K`` takes seeds 1 to K, ``seed=S`` one."""
    family = families()[name]
    told: dict[str, Any] = {}
    seeds = [1]
    for pair in filter(None, text.split(",")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise InstanceError.one(
                f"{pair!r} is no key=value", where=f"bench {name}", mend="Write pieces=30,seeds=3"
            )
        if key not in ("seed", "seeds"):
            told[key] = _plain(value)
            continue
        least, most = (1, _MOST_SEEDS) if key == "seeds" else (0, 2**32)
        if not (value.isdecimal() and len(value) < 12 and least <= int(value) <= most):
            raise InstanceError.one(
                f"{key} cannot be {value!r}",
                where=f"bench {name}",
                mend="Give a whole number: seeds=3 takes seeds 1, 2 and 3, up to "
                f"seeds={_MOST_SEEDS}; seed=7 takes 7",
            )
        seeds = [int(value)] if key == "seed" else list(range(1, int(value) + 1))
    parameters = parameters_of(family, told, where="bench")
    return [Member(family, parameters, seed) for seed in seeds]


def _plain(value: str) -> Any:
    """A value as TOML has it: number, truth, list; anything else is text."""
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def _written(member: Member, folder: Path) -> InstanceFile:
    made = member.make()
    path = folder / f"{made.name}{made.suffix}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for beside, text in made.beside.items():
            (folder / beside).write_text(text, encoding="utf-8")
        path.write_text(made.text, encoding="utf-8")
    except OSError as error:
        raise OutputError.one(
            f"cannot be written ({error.strerror})", where=str(path), mend="Name another folder"
        ) from error
    parts = [made.text, *(f"{name}\n{text}" for name, text in sorted(made.beside.items()))]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return InstanceFile(member.group, made.name, path, digest, member.size, member.family.name)


def _own_files(path: Path) -> list[InstanceFile] | None:
    """A file, or all in a folder; ``None`` where there is neither."""
    try:
        inside = sorted(path.iterdir()) if path.is_dir() else None
        if inside is None and not path.is_file():
            return None
    except OSError as error:
        raise InstanceError.one(
            f"cannot be looked at ({error.strerror})",
            where=f"bench {str(path)[:60]}",
            mend="Name a set, a family, or a file that can be read",
        ) from error
    if inside is None:
        return [_own_file(path)]
    found = [_own_file(one) for one in inside if one.suffix.lower() in _SUFFIXES]
    if not found:
        raise InstanceError.one(
            "holds no instance",
            where=f"bench {path}",
            mend=f"Files of instances end in {', '.join(_SUFFIXES)}",
        )
    return found


def _own_file(path: Path) -> InstanceFile:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InstanceError.one(
            f"cannot be read ({error.strerror})", where=str(path), mend="Check its permissions"
        ) from error
    return InstanceFile(_group_of(path, data), path.stem, path, hashlib.sha256(data).hexdigest())


def _group_of(path: Path, data: bytes) -> str:
    """What kind of instance a file holds; its own reader tells what is wrong with it."""
    if path.suffix.lower() in (".mps", ".gz"):
        return "moip"
    if path.suffix.lower() == ".json":
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InstanceError.one(
                f"is no JSON ({error})", where=str(path), mend="Name an instance"
            ) from error
        return "moip" if isinstance(document, dict) and "objectives" in document else "fleet"
    raw, _ = load_tables(path)
    kind = kind_of(raw, str(path))
    if kind == "placement":
        return "flow" if raw.get("trade_off") == ["throughput"] else "placement"
    if kind == "fleet" and "racks" in raw:
        return "racks"
    return kind
