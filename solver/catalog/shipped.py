"""The catalog that comes with the package, read entry by entry as they are asked for.

A question needs one or two entries of a hundred and fifty, and parsing all the TOML takes longer
than many a solve. So the files are only cut into tables at first; a table is parsed and checked
when its entry is looked up. The cut relies on how the files are laid out (a header alone on its
line; ``name``, ``accelerator`` and ``tier`` in plain quotes); a test reads them whole and compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TypeVar

from solver.catalog.collection import Catalog
from solver.catalog.domain import Accelerator, Model, Price
from solver.catalog.entries import parse_document

__all__ = ["SHIPPED_FILES", "shipped_catalog"]

SHIPPED_FILES = ("accelerators.toml", "models.toml", "prices.toml", "epoch2025.toml")
"""Files of this package that make up the shipped catalog, in the order of their entries."""

_HEADER = re.compile(r"^\[\[(\w+)\]\]$", re.MULTILINE)
_KEY = re.compile(r'^(name|accelerator|tier) = "([^"]*)"$', re.MULTILINE)
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _LazyEntries(Mapping[_Key, _Value]):
    """Entries by key, each read from its table on first use."""

    __slots__ = ("_load", "_read", "_tables")

    def __init__(
        self, tables: Mapping[_Key, tuple[str, str]], load: Callable[[_Key, str, str], _Value]
    ) -> None:
        self._tables = dict(tables)
        self._load = load
        self._read: dict[_Key, _Value] = {}

    def __getitem__(self, key: _Key) -> _Value:
        if key not in self._read:
            file, text = self._tables[key]
            self._read[key] = self._load(key, file, text)
        return self._read[key]

    def __contains__(self, key: object) -> bool:
        return key in self._tables

    def __iter__(self) -> Iterator[_Key]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


def _tables(file: str, text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Every table of a shipped file: its kind, its naming keys and its text."""
    headers = list(_HEADER.finditer(text))
    ends = [header.start() for header in headers[1:]] + [len(text)]
    for header, end in zip(headers, ends, strict=True):
        block = text[header.start() : end]
        yield header.group(1), dict(_KEY.findall(block)), block
    if not headers:
        raise ValueError(f"{file}: no tables; the package is damaged, install it again")


@cache
def shipped_catalog() -> Catalog:
    """The catalog that comes with the package; the same object every time.

    Entries are read on first look-up. A damaged installed file shows as a ``CatalogError`` then.
    """
    accelerators: dict[str, tuple[str, str]] = {}
    models: dict[str, tuple[str, str]] = {}
    prices: dict[tuple[str, str], tuple[str, str]] = {}
    folder = files("solver.catalog")
    for file in SHIPPED_FILES:
        text = folder.joinpath(file).read_text(encoding="utf-8")
        for kind, keys, block in _tables(file, text):
            if kind == "accelerators":
                accelerators[keys["name"]] = (file, block)
            elif kind == "models":
                models[keys["name"]] = (file, block)
            else:
                prices[keys["accelerator"], keys["tier"]] = (file, block)

    def read(file: str, block: str) -> Catalog:
        return parse_document(f"schema = 1\n{block}", where=file, base=catalog)

    def read_accelerator(name: str, file: str, block: str) -> Accelerator:
        return read(file, block).accelerators[name]

    def read_model(name: str, file: str, block: str) -> Model:
        return read(file, block).models[name]

    def read_price(key: tuple[str, str], file: str, block: str) -> Price:
        return read(file, block).prices[key]

    catalog = Catalog(
        accelerators=_LazyEntries(accelerators, read_accelerator),
        models=_LazyEntries(models, read_model),
        prices=_LazyEntries(prices, read_price),
    )
    return catalog
