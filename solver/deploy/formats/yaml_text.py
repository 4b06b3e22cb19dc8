r"""YAML that carries comments and that every YAML reader takes the same way.

Kubernetes reads YAML 1.1, where ``yes`` is a boolean and ``12:30`` a number; others read 1.2. So a
text stands without quotes only where no version could take it for something else. In quotes all
but printable ASCII is escaped, so that no name can bring a line break or a hidden character.

Comments are written as marked entries first and turned into comments after: the emitter then keeps
the columns. The mark is a control character, which no text of a deployment may hold (see
``solver.deploy.checking``); it is refused here too.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.representer import SafeRepresenter
from ruamel.yaml.scalarstring import LiteralScalarString

from solver.deploy.formats.comments import comment_lines

__all__ = ["Hole", "Remark", "hole_of", "yaml_document", "yaml_tree"]

_MARK = "\x01"
_MARKED_LINE = re.compile(r'^(?P<margin> *)(?:- )?"\\x01r(?P<number>\d+)"(?::(?: null)?)?$')
_HOLE_LINE = re.compile(r'^(?P<margin> *)- "\\x01h(?P<name>[A-Za-z0-9-]+)"$')
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9._/-]*")
# Words that YAML 1.1 or 1.2 reads as a boolean or as nothing, in any case.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


@dataclass(frozen=True, slots=True, eq=False)
class Remark:
    """A comment, as an entry of a list or as the key of a mapping (its value does not matter).

    Two remarks are never equal, so that a mapping can hold the same words twice.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Hole:
    """An entry of a list whose value is known only when the file is used; see ``hole_of``."""

    name: str


class _Representer(SafeRepresenter):
    def represent_str(self, data: str) -> Any:
        plain = _PLAIN.fullmatch(data) is not None and data.lower() not in _WORDS
        style = None if plain else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    def represent_literal(self, data: LiteralScalarString) -> Any:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="|")

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (an anchor would hide a repeat)
        return True


_Representer.add_representer(str, _Representer.represent_str)
_Representer.add_representer(LiteralScalarString, _Representer.represent_literal)


def _marked(tree: Any, remarks: list[str]) -> Any:
    if isinstance(tree, Remark):
        remarks.append(tree.text)
        return f"{_MARK}r{len(remarks) - 1}"
    if isinstance(tree, Hole):
        return f"{_MARK}h{tree.name}"
    if isinstance(tree, str):
        if _MARK in tree:
            raise ValueError("a control character in a text of a deployment")
        return tree
    if isinstance(tree, Mapping):
        return {
            _marked(key, remarks): None if isinstance(key, Remark) else _marked(value, remarks)
            for key, value in tree.items()
        }
    if isinstance(tree, list | tuple):
        for entry in tree:
            if isinstance(entry, Mapping) and isinstance(next(iter(entry), None), Remark):
                raise ValueError("a remark cannot open an entry of a list")
        return [_marked(entry, remarks) for entry in tree]
    return tree


def yaml_tree(tree: Any) -> str:
    """The text of one YAML document, comments included, without a document mark.

    Raises
    ------
    ValueError
        If a text holds the control character that marks comments, or a remark stands where no
        comment can.
    """
    remarks: list[str] = []
    marked = _marked(tree, remarks)
    writer = YAML(typ="safe", pure=True)
    writer.Representer = _Representer
    writer.default_flow_style = False
    writer.allow_unicode = False
    writer.width = 1 << 30  # a folded line would hide what a value is
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.StringIO()
    writer.dump(marked, stream)
    lines: list[str] = []
    for line in stream.getvalue().splitlines():
        found = _MARKED_LINE.match(line)
        if found is None:
            lines.append(line)
            continue
        text = remarks[int(found["number"])]
        lines += comment_lines(text, indent=len(found["margin"]))
    return "\n".join(lines) + "\n"


def yaml_document(head: Iterable[str], trees: Iterable[Any]) -> str:
    """A file of one or several documents below the comment ``head``."""
    return "\n".join(head) + "\n---\n" + "---\n".join(yaml_tree(tree) for tree in trees)


def hole_of(line: str) -> tuple[str, str] | None:
    """The margin and the name of the ``Hole`` that a line of ``yaml_tree`` stands for, if any."""
    found = _HOLE_LINE.match(line)
    return None if found is None else (found["margin"], found["name"])
