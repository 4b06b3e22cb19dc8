"""A catalog answers by name and helps when the name is not quite right."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from solver.catalog import Catalog, Model, Price, shipped_catalog, suggestion
from solver.errors import CatalogError


def test_an_unknown_accelerator_error_names_close_matches() -> None:
    with pytest.raises(CatalogError, match="'H100 SXM'"):
        shipped_catalog().accelerator("H100 SMX")


def test_a_part_of_a_name_is_enough_for_a_suggestion() -> None:
    assert "'Mixtral-8x22B'" in suggestion("8x22b", shipped_catalog().models, what="models")


def test_an_unknown_model_error_names_close_matches() -> None:
    with pytest.raises(CatalogError, match=r"'Llama-3\.1-70B'"):
        shipped_catalog().model("llama 3.1 70b")


def test_a_name_like_no_other_is_answered_with_all_names() -> None:
    assert suggestion("zzz", ["b", "a"], what="models") == "Known models: a, b"


def test_an_empty_catalog_says_that_it_has_nothing() -> None:
    with pytest.raises(CatalogError, match="no accelerators to choose from"):
        Catalog().accelerator("H100")


def test_an_unknown_tier_error_lists_the_tiers_there_are() -> None:
    with pytest.raises(CatalogError, match="on-demand, on-demand-high"):
        shipped_catalog().price("H100 SXM", "barter")


def test_an_accelerator_without_price_asks_for_one() -> None:
    with pytest.raises(CatalogError, match="no price for accelerator 'Gaudi 3'"):
        shipped_catalog().price("Gaudi 3", "on-demand")


def test_the_price_of_an_unknown_accelerator_is_an_unknown_accelerator() -> None:
    with pytest.raises(CatalogError, match="no accelerator 'H1000'"):
        shipped_catalog().price("H1000", "on-demand")


def test_prices_of_an_accelerator_are_all_its_own() -> None:
    prices = shipped_catalog().prices_of("H100 SXM")
    assert {price.accelerator for price in prices} == {"H100 SXM"}
    assert len(prices) == 7


def test_the_merged_in_entry_wins() -> None:
    cheap = Price("H100 SXM", "on-demand", Fraction(1), "2026-09", "a quote")
    other = Catalog(prices={("H100 SXM", "on-demand"): cheap})
    merged = shipped_catalog().merged(other)
    assert merged.price("H100 SXM", "on-demand") is cheap


def test_merging_keeps_every_other_entry() -> None:
    cheap = Price("H100 SXM", "mine", Fraction(1), "2026-09", "a quote")
    shipped = shipped_catalog()
    merged = shipped.merged(Catalog(prices={("H100 SXM", "mine"): cheap}))
    assert set(merged.prices) == {*shipped.prices, ("H100 SXM", "mine")}
    assert dict(merged.models) == dict(shipped.models)


def test_merging_leaves_both_catalogs_as_they_were() -> None:
    cheap = Price("H100 SXM", "mine", Fraction(1), "2026-09", "a quote")
    shipped_catalog().merged(Catalog(prices={("H100 SXM", "mine"): cheap}))
    assert ("H100 SXM", "mine") not in shipped_catalog().prices


def test_a_catalog_cannot_be_changed_after_merging() -> None:
    other = Catalog(models={"x": _renamed("x")})
    merged = shipped_catalog().merged(other)
    with pytest.raises(TypeError):
        merged.models["y"] = merged.models["x"]  # type: ignore[index]


def test_an_entry_under_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="filed under 'y'"):
        Catalog(models={"y": _renamed("x")})


def _renamed(name: str) -> Model:
    return dataclasses.replace(shipped_catalog().model("Llama-3.1-8B"), name=name)
