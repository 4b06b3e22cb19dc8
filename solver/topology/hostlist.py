"""Host lists as Slurm writes them: ``n[01-16,20]``, ``rack[1-2]node[1-8]``, ``a,b[3-5]``.

A number keeps the width of the first bound, so ``n[08-10]`` is n08, n09, n10; several brackets in a
name are expanded from the left, the last one running fastest.
"""

from __future__ import annotations

import re

__all__ = ["HostListError", "expand_host_list"]

MAX_HOSTS = 100_000
_PART = re.compile(r"[^,\[\]\s]+|\[[^\[\]]*\]|,|.", re.DOTALL)
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


class HostListError(ValueError):
    """A host list that cannot be read."""


def expand_host_list(text: str) -> tuple[str, ...]:
    """Names that a host list stands for, in its order.

    Raises
    ------
    HostListError
        If brackets do not match, a range is empty or runs backwards, or there are too many names.
    """
    names: list[str] = []
    for word in _words(text):
        expanded = [""]
        for part in word:
            choices = _numbers(part[1:-1], text) if part.startswith("[") else [part]
            if len(names) + len(expanded) * len(choices) > MAX_HOSTS:
                raise HostListError(f"{text!r} stands for more than {MAX_HOSTS} names")
            expanded = [head + choice for head in expanded for choice in choices]
        names += expanded
    return tuple(names)


def _words(text: str) -> list[list[str]]:
    words: list[list[str]] = [[]]
    for part in _PART.findall(text.strip()):
        if part == ",":
            words.append([])
        elif len(part) == 1 and (part in "[]" or part.isspace()):
            raise HostListError(f"{part!r} stands alone in {text!r}")
        else:
            words[-1].append(part)
    if not all(words):
        raise HostListError(f"{text!r} has an empty name")
    return words


def _numbers(text: str, whole: str) -> list[str]:
    numbers: list[str] = []
    for item in text.split(","):
        match = _RANGE.fullmatch(item.strip())
        if match is None:
            raise HostListError(f"{item!r} is no range of numbers in {whole!r}")
        low, high = match[1], match[2] or match[1]
        if int(high) < int(low):
            raise HostListError(f"{item!r} runs backwards in {whole!r}")
        if int(high) - int(low) >= MAX_HOSTS:
            raise HostListError(f"{item!r} stands for more than {MAX_HOSTS} names")
        numbers += [str(n).zfill(len(low)) for n in range(int(low), int(high) + 1)]
    return numbers
