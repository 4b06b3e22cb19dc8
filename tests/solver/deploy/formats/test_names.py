"""Names for Kubernetes and DNS."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from solver.deploy.formats.names import LABEL_VALUE, LONGEST_BASE, dns_label, label_value


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_every_name_becomes_a_label_of_dns(parts: list[str]) -> None:
    label = dns_label(*parts)
    assert re.fullmatch(r"[a-z](?:[a-z0-9-]*[a-z0-9])?", label)
    assert len(label) <= LONGEST_BASE


@given(st.text(), st.text())
def test_two_names_never_become_one(a: str, b: str) -> None:
    assert (dns_label(a) == dns_label(b)) == (a == b)


def test_a_good_name_is_left_alone() -> None:
    assert dns_label("chat-70b", "decode") == "chat-70b-decode"


def test_names_that_differ_only_in_case_stay_apart() -> None:
    assert dns_label("Chat") != dns_label("chat")


def test_a_long_name_keeps_its_beginning() -> None:
    assert dns_label("a" * 80).startswith("a" * (LONGEST_BASE - 7) + "-")


@given(st.text())
def test_every_text_becomes_the_value_of_a_label(text: str) -> None:
    assert LABEL_VALUE.fullmatch(label_value(text))


def test_half_a_character_in_a_name_is_no_crash() -> None:
    """JSON may hold a lone surrogate, which no file can."""
    assert dns_label("\ud800").isascii()
