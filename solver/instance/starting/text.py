"""The commented file that a few answers make: the template of the kind with their values in it.

What the answers replace is replaced in place, so every remark of the template stays. Choices that
depend on the machine (number formats) follow the first form that the reader accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tomlkit

from solver.errors import Fault, InstanceError
from solver.instance.reading import read_any_instance
from solver.instance.starting.questions import QUESTIONS, checked_answer

__all__ = ["starting_text", "template_text"]

_WIDTHS = (None, 8, 16, 4)
"""Bits of weights to try, in this order; ``None`` is what the model was published in."""


def template_text(kind: str) -> str:
    """The template of a kind of question, as it is shipped."""
    return files("solver.instance").joinpath(f"template_{kind}.toml").read_text(encoding="utf-8")


def starting_text(kind: str, answers: Mapping[str, str], *, where: str = "fleetfront init") -> str:
    """The text of an instance that solves as it stands.

    Parameters
    ----------
    answers
        By the keys of ``QUESTIONS``; what is left out is as in the template. None at all give the
        template itself.

    Raises
    ------
    InstanceError
        With every answer that cannot be, or where no number format suits model and machine.
    """
    if not answers:
        return template_text(kind)
    faults: list[Fault] = []
    checked: dict[str, str] = {}
    for question in QUESTIONS[kind]:
        try:
            given = answers.get(question.key, question.default)
            checked[question.key] = checked_answer(
                question, given, where=f"{where} {question.flag}"
            )
        except InstanceError as error:
            faults.extend(error.faults)
    if faults:
        raise InstanceError.all_of(faults)
    refused: InstanceError | None = None
    for text in _forms(kind, checked):
        try:
            _read(text)
        except InstanceError as error:
            refused = refused or error
        else:
            return text
    if refused is None:
        raise ValueError(f"no forms for {kind}")
    raise refused


def _read(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "question.toml"
        path.write_text(text, encoding="utf-8")
        try:
            read_any_instance(path)
        except InstanceError as error:
            # The file exists for this check alone; its place says nothing to the user.
            raise InstanceError(
                *(
                    type(fault)(fault.where.replace(f"{path}: ", ""), fault.what, fault.mend)
                    for fault in error.faults
                )
            ) from error


def _forms(kind: str, answers: Mapping[str, str]) -> Iterator[str]:
    for bits in _WIDTHS:
        if kind == "replica":
            yield _replica(answers, bits)
        elif kind == "fleet":
            yield _fleet(answers, bits)
        else:
            yield _placement(answers, bits)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _number(text: str) -> Any:
    """A whole number as such; anything else as text, which the reader takes exactly."""
    return int(text) if text.isdecimal() else text


def _put(table: Any, key: str, value: Any) -> None:
    """Set ``key``, its remark staying in its column where there is room."""
    before = table.item(key)
    width = len(before.as_string())
    table[key] = value
    after = table.item(key)
    if after.trivia.comment:
        room = len(before.trivia.comment_ws) + width - len(after.as_string())
        after.trivia.comment_ws = " " * max(room, 1)


def _off(text: str, *keys: str) -> str:
    """The lines of ``keys`` as remarks, as the template writes what may be left out."""
    for key in keys:
        text = _changed(text, rf"(?m)^({key} = [^#\n]*?)(?:  (?= *#)|$)", r"# \1")
    return text


def _on(text: str, key: str) -> str:
    """The remark with ``key`` as a line that counts."""
    return _changed(text, rf"(?m)^# ({key} = [^#\n]*?)(?= *#|$)", r"\1  ")


def _changed(text: str, pattern: str, replacement: str) -> str:
    changed, count = re.subn(pattern, replacement, text, count=1)
    if not count:
        raise ValueError(f"the template has nothing like {pattern!r}")
    return changed


def _with_bits(text: str, bits: int | None) -> str:
    if bits is None:
        return _off(text, "weight_bits", "kv_bits")
    text = _changed(text, r"(?m)^weight_bits = \[[^\]]*\]", f"weight_bits = [{bits}]")
    return _changed(text, r"(?m)^kv_bits = \[[^\]]*\]", f"kv_bits = [{max(bits, 8)}]")


def _replica(answers: Mapping[str, str], bits: int | None) -> str:
    text = _with_bits(template_text("replica"), bits)
    if answers["usd_per_hour"]:
        text = _off(text, "tier")
        text = _on(text, "usd_per_hour")
    if answers["min_speed"]:
        text = _changed(text, r"(?m)^# (\[limits\]) ( *)", r"\1   \2")
        text = _on(text, "min_speed_tok_per_s")
    document = tomlkit.parse(text)
    model, accelerator = answers["model"], answers["accelerator"]
    document["name"] = f"{_slug(model)}-{_slug(accelerator)}"
    document["title"] = f"{model} on {accelerator}"
    _put(document["workload"], "model", model)
    _put(document["workload"], "context_tokens", int(answers["context_tokens"]))
    _put(document["design"], "accelerator", accelerator)
    if answers["usd_per_hour"]:
        _put(document["price"], "usd_per_hour", answers["usd_per_hour"])
    if answers["min_speed"]:
        _put(document["limits"], "min_speed_tok_per_s", _number(answers["min_speed"]))
    return tomlkit.dumps(document)


_SECOND_WORKLOAD = r'(?m)^\[\[workloads\]\]\nname = "summaries"\n(?:\w.*\n)+'
_SECOND_MACHINE = r'(?m)^\[\[machines\]\]\nname = "l40s"\n(?:\w.*\n)+\n'
_SIZES = r"(?m)^sizes = \[.*\n(?: .*\n)+\]\n"


def _fleet(answers: Mapping[str, str], bits: int | None) -> str:
    # The second workload and machine, and the budget, are of the template's own question.
    text = _with_bits(template_text("fleet"), bits)
    text = _changed(text, _SECOND_WORKLOAD, "")
    text = _changed(text, _SECOND_MACHINE, "")
    text = _changed(
        text,
        _SIZES,
        "input_tokens = 0                 # of the mean prompt; or classes of requests in sizes,\n"
        'output_tokens = 0                # or a histogram = "sizes.csv"\n',
    )
    text = _off(text, "stock_devices", "max_usd_per_hour")
    text = _changed(
        text,
        "(?m)^usd_per_hour = .*\n.*\n",
        'tier = "on-demand"             '
        "  # of 'fleetfront catalog prices'; or usd_per_hour = \"2.49\"\n",
    )
    document = tomlkit.parse(text)
    model, accelerator = answers["model"], answers["accelerator"]
    document["name"] = f"{_slug(model)}-fleet"
    document["title"] = f"{model} on rented {accelerator}"
    workloads: Any = document["workloads"]
    workload = workloads[0]
    _put(workload, "model", model)
    _put(workload, "input_tokens", int(answers["input_tokens"]))
    _put(workload, "output_tokens", int(answers["output_tokens"]))
    _put(workload, "requests_per_s", _number(answers["requests_per_s"]))
    machines: Any = document["machines"]
    machine = machines[0]
    machine["name"] = _slug(accelerator)
    _put(machine, "accelerator", accelerator)
    return tomlkit.dumps(document)


def _placement(answers: Mapping[str, str], bits: int | None) -> str:
    first, second = answers["accelerator"], answers["second_accelerator"]
    names = {"a100": _slug(first), "l40s": _slug(second)}
    if names["a100"] == names["l40s"]:
        names = {"a100": f"{names['a100']}-a", "l40s": f"{names['l40s']}-b"}
    # Names of machines and hosts say what they hold.
    text = re.sub(
        r"(?m)^[^#\n]*",
        lambda line: re.sub("a100|l40s", lambda old: names[old.group()], line.group()),
        template_text("placement"),
    )
    if bits is not None:
        text = _changed(text, r"(?m)^# weight_bits = \d+", f"weight_bits = {bits}")
    text = _changed(text, "(?m)^usd_per_hour = .*\n", 'tier = "on-demand"\n')
    document = tomlkit.parse(text)
    model = answers["model"]
    document["title"] = f"One pipeline of {model} over two racks of unequal machines"
    _put(document["workload"], "model", model)
    _put(document["workload"], "context_tokens", int(answers["context_tokens"]))
    machines: Any = document["machines"]
    _put(machines[0], "accelerator", first)
    _put(machines[1], "accelerator", second)
    links: Any = document["links"]
    for link in links[:2]:
        _put(link, "gbit_per_s", _number(answers["gbit_per_s"]))
    return tomlkit.dumps(document)
