"""The text of an instance file as tables."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from solver.instance.loading import load_tables


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "q.toml"
    path.write_bytes(b"\xef\xbb\xbfname = 'x'\nprice = 2.10\n")
    tables, data = load_tables(path)
    assert tables == {"name": "x", "price": Decimal("2.10")}
    assert data == path.read_bytes()
