from __future__ import annotations

import io
from fractions import Fraction

import pytest
from rich.cells import cell_len
from rich.console import Console

from solver.catalog import shipped_catalog
from solver.catalog.domain import Accelerator, MixtureOfExperts, Model, Price
from solver.report.catalog import entry_view, print_accelerators, print_models, print_prices

DEVICE = Accelerator(
    name="Device [x]",
    vendor="Vendor",
    year=2024,
    flop_per_s={16: 989e12, 8: 1979e12},
    hbm_bytes=80_000_000_000,
    hbm_bytes_per_s=3.35e12,
    scale_up_bytes_per_s=450e9,
    scale_out_bytes_per_s=50e9,
    node_devices=8,
    kernel_launch_s=4e-6,
    source="the vendor's datasheet",
    as_of="2026-05",
    confidence="high",
)
MODEL = Model(
    name="Toy-MoE",
    family="toy",
    layers=2,
    d_model=64,
    n_heads=4,
    n_kv_heads=2,
    head_dim=16,
    d_ff=0,
    ff_up_matrices=2,
    ff_down_matrices=1,
    vocab=100,
    moe=MixtureOfExperts(n_experts=8, top_k=2, expert_d_ff=32),
    source="made up",
    as_of="2026",
)
PRICE = Price("Device [x]", "on-demand", Fraction(59, 20), "2026-05", "a survey of clouds")


def console(width: int = 100) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=width, color_system=None), stream


def test_a_list_of_accelerators_has_its_units() -> None:
    target, stream = console()
    print_accelerators([DEVICE], target)
    assert "TFLOP/s" in stream.getvalue()
    assert "1,979" in stream.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_list_of_accelerators_fits_the_terminal(width: int) -> None:
    target, stream = console(width)
    print_accelerators([DEVICE] * 3, target)
    lines = stream.getvalue().splitlines()
    assert max(cell_len(line) for line in lines) <= width
    assert sum("Device [x]" in line for line in lines) == 3


def test_a_single_accelerator_tells_source_date_and_units() -> None:
    target, stream = console()
    print_accelerators([DEVICE], target, single=True)
    text = stream.getvalue()
    for part in ("80 GB", "3.350 TB/s", "4 µs", "the vendor's datasheet", "2026-05", "high"):
        assert part in text


def test_a_list_of_models_tells_experts() -> None:
    target, stream = console()
    print_models([MODEL], target)
    assert "2 of 8" in stream.getvalue()


def test_a_single_model_tells_its_recomputed_parameters() -> None:
    target, stream = console()
    print_models([MODEL], target, single=True)
    assert "parameters, recomputed" in stream.getvalue()
    assert "moe: n experts" in stream.getvalue()


def test_a_list_of_prices_tells_source_and_date() -> None:
    target, stream = console()
    print_prices([PRICE], target)
    for part in ("on-demand", "2.95", "2026-05", "a survey of clouds"):
        assert part in stream.getvalue()


def test_an_accelerator_can_be_shown_with_its_prices() -> None:
    target, stream = console()
    target.print(entry_view(DEVICE, [PRICE]))
    assert "a survey of clouds" in stream.getvalue()


def test_a_price_is_shown_as_dollars_and_as_a_fraction() -> None:
    target, stream = console()
    target.print(entry_view(PRICE))
    assert "US$2.95/h (59/20)" in stream.getvalue()


def test_an_accelerator_in_full_shows_power_by_phase_and_its_clocks() -> None:
    entry = shipped_catalog().accelerator("A100-80GB SXM")
    target, stream = console(160)
    print_accelerators([entry], target, single=True)
    text = " ".join(stream.getvalue().split())
    for part in ("idle, context loaded", "93 W", "295.4 W", "400 W", "63.60 W"):
        assert part in text
    assert "210 to 1,410 MHz in steps of 15 MHz" in text
    assert "below 70% of the highest clock" in text
    assert "arXiv 2605.23918" in text


def test_a_step_of_half_a_megahertz_is_told() -> None:
    target, stream = console(160)
    print_accelerators([shipped_catalog().accelerator("V100-32GB SXM")], target, single=True)
    assert "steps of 7.5 MHz" in stream.getvalue()


def test_clocks_that_are_not_known_are_said_to_be() -> None:
    target, stream = console(160)
    print_accelerators([shipped_catalog().accelerator("B200 SXM")], target, single=True)
    assert "no range at hand" in stream.getvalue()


def test_an_accelerator_without_power_says_nothing_of_it() -> None:
    target, stream = console()
    print_accelerators([DEVICE], target, single=True)
    assert "power:" not in stream.getvalue()
