from __future__ import annotations

import pytest

from solver.errors import OutputError
from solver.explore.page.address import address_of, is_loopback, listen


def test_a_port_that_is_taken_gives_way_to_a_free_one() -> None:
    with listen(host="127.0.0.1", port=0) as taken:
        port = taken.getsockname()[1]
        with listen(host="127.0.0.1", port=port) as other:
            assert other.getsockname()[1] != port


def test_the_address_names_the_port_that_was_found() -> None:
    with listen(host="127.0.0.1", port=0) as listening:
        port = listening.getsockname()[1]
        addresses = [
            address_of(listening, host=host) for host in ("localhost", "0.0.0.0", "::1", "[::1]")
        ]
    assert addresses == [
        f"http://localhost:{port}/", f"http://127.0.0.1:{port}/", f"http://[::1]:{port}/",
        f"http://[::1]:{port}/",
    ]  # fmt: skip


@pytest.mark.parametrize("host", ["203.0.113.7", "no such name", "a" * 70 + ".example"])
def test_an_address_that_is_not_ours_is_refused_with_a_cure(host: str) -> None:
    with pytest.raises(OutputError, match="Name an address of this machine"):
        listen(host=host, port=0)


@pytest.mark.parametrize(
    ("host", "alone"),
    [("localhost", True), ("LOCALHOST.", True), ("127.3.2.1", True), ("::1", True),
     ("0.0.0.0", False), ("192.168.1.4", False), ("localhost.evil.example", False)],
)  # fmt: skip
def test_loopback_is_told_from_the_network(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone
