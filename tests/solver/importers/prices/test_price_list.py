"""Contracts from price lists: which machine, which price, from where and of when."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from solver.errors import FleetError, InstanceError
from solver.importers.findings import Answers, Figure, Findings
from solver.importers.prices.price_list import read_prices

SAMPLE = Path(__file__).parents[4] / "instances/import/prices/quote.csv"
TWO_POOLS = {
    "machines": [
        {"name": "pool-a", "accelerator": "H100 SXM", "node_devices": 8},
        {"name": "pool-b", "accelerator": "L40S", "node_devices": 4},
    ]
}
HEADER = "accelerator,contract,usd_per_device_hour,as_of"


def read(tmp_path: Path, *lines: str, **answers: Any) -> Findings:
    path = tmp_path / "quote.csv"
    path.write_text("\n".join(lines) + "\n")
    return read_prices(path, Answers(**answers))


def fault(tmp_path: Path, *lines: str, **answers: Any) -> str:
    with pytest.raises(FleetError) as caught:
        read(tmp_path, *lines, **answers)
    return str(caught.value)


def machines(found: Findings) -> dict[str, dict[str, Any]]:
    """Machines by name with plain values; contracts by name."""
    tables = found.tables["machines"]
    assert isinstance(tables, list)
    plain: dict[str, dict[str, Any]] = {}
    for table in tables:
        values: dict[str, Any] = {k: v.value for k, v in table.items() if isinstance(v, Figure)}
        contracts = table["contracts"]
        assert isinstance(contracts, list)
        rows = [{k: v.value for k, v in c.items() if isinstance(v, Figure)} for c in contracts]
        plain[values["name"]] = values | {"contracts": {row["name"]: row for row in rows}}
    return plain


def test_the_sample_prices_the_machines_that_have_its_devices() -> None:
    found = read_prices(SAMPLE, Answers(existing_tables=TWO_POOLS))
    priced = machines(found)
    assert set(priced) == {"pool-a", "pool-b"}
    assert priced["pool-a"]["contracts"]["reserved-1y"] == {
        "name": "reserved-1y",
        "kind": "reserved",
        "usd_per_hour": "2.3",
        "stock_devices": 16,
        "as_of": "2026-11-02",
        "source": "cloud A, quote 2026-118, quote.csv:4",
    }
    assert found.notes[0].startswith("left out: 1 row of H200 SXM")
    assert found.missing == ()


def test_without_an_instance_each_device_becomes_a_machine() -> None:
    priced = machines(read_prices(SAMPLE, Answers()))
    assert {name: one["accelerator"] for name, one in priced.items()} == {
        "h100-sxm": "H100 SXM",
        "l40s": "L40S",
        "h200-sxm": "H200 SXM",
    }


def test_the_price_of_an_instance_is_shared_out_exactly(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "instance_type,contract,usd_per_instance_hour",
        "p5.48xlarge,on_demand,100.10",
        as_of="2026-11",
    )
    machine = machines(found)["p5-48xlarge"]
    assert machine["node_devices"] == 8
    assert machine["accelerator"] == "H100 SXM"
    assert machine["contracts"]["on_demand"]["usd_per_hour"] == "12.5125"


def test_a_third_of_a_price_stays_a_fraction(tmp_path: Path) -> None:
    found = read(tmp_path, "gpu,gpus,contract,usd_per_instance_hour,as_of", "L4,3,spot,1,2026-11")
    assert machines(found)["l4"]["contracts"]["spot"]["usd_per_hour"] == "1/3"


def test_a_price_of_one_or_of_all_devices_is_refused(tmp_path: Path) -> None:
    message = fault(tmp_path, "gpu,gpus,contract,usd_per_hour", "L40S,4,on_demand,5.40")
    assert "one device or of all 4" in message
    assert "usd_per_device_hour or usd_per_instance_hour" in message


def test_a_column_says_what_a_price_is_of(tmp_path: Path) -> None:
    found = read(
        tmp_path, "gpu,gpus,contract,usd_per_hour,per,as_of", "L40S,4,on_demand,5.40,node,2026-11"
    )
    assert machines(found)["l40s"]["contracts"]["on_demand"]["usd_per_hour"] == "1.35"


def test_an_instance_of_unknown_size_is_refused(tmp_path: Path) -> None:
    message = fault(tmp_path, "gpu,contract,usd_per_instance_hour", "L40S,on_demand,5.40")
    assert "Add a column gpus_per_instance" in message


@pytest.mark.parametrize("gpu", ["H100", "A100", "T4", "<script>alert(1)</script>", ""])
def test_a_device_that_is_none_or_several_of_the_catalog_is_refused(
    tmp_path: Path, gpu: str
) -> None:
    assert "is not one device of the catalog" in fault(tmp_path, HEADER, f"{gpu},spot,2.95,2026")


def test_memory_tells_which_device_is_meant(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "gpu,gpu_memory_gb,contract,usd_per_gpu_hour,as_of",
        "A100 SXM,80,on_demand,1.90,2026-11",
    )
    assert machines(found)["a100-sxm"]["accelerator"] == "A100-80GB SXM"


def test_a_price_without_a_date_asks_for_it(tmp_path: Path) -> None:
    lines = ("gpu,contract,usd_per_gpu_hour", "L4,spot,0.40")
    missing = read(tmp_path, *lines).missing
    assert [(one.key, one.flag) for one in missing] == [
        ("machines.l4.contracts.spot.as_of", "--as-of")
    ]
    found = read(tmp_path, *lines, as_of="2026-10")
    assert found.missing == ()
    assert machines(found)["l4"]["contracts"]["spot"]["as_of"] == "2026-10"


def test_every_price_keeps_its_row_and_source(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER, "", "L4,spot,0.40,2026-11", price_source="a mail")
    contract = machines(found)["l4"]["contracts"]["spot"]
    assert contract["source"] == "a mail, quote.csv:3"


@pytest.mark.parametrize("cell", ["=1+1", '"=HYPERLINK(""http://x"")"', "@SUM(A1)", "+1|cmd"])
@pytest.mark.parametrize("column", ["usd_per_device_hour", "provider", "source", "accelerator"])
def test_formulas_are_refused_in_every_cell_that_is_read(
    tmp_path: Path, cell: str, column: str
) -> None:
    columns = ["accelerator", "contract", "usd_per_device_hour", "as_of", "provider", "source"]
    cells = ["L4", "spot", "0.40", "2026-11", "x", "y"]
    cells[columns.index(column)] = cell
    assert "is a formula" in fault(tmp_path, ",".join(columns), ",".join(cells))


@pytest.mark.parametrize("price", ['"1,234"', '"2,95"', "€2.95", "0", "-1", "99999", "abc"])
def test_prices_that_are_none_or_two_are_refused_with_their_row(tmp_path: Path, price: str) -> None:
    message = fault(tmp_path, HEADER, f"L4,spot,{price},2026-11")
    assert "quote.csv:2: usd_per_device_hour" in message


def test_another_currency_is_refused_with_the_cure(tmp_path: Path) -> None:
    message = fault(
        tmp_path, "gpu,contract,price_per_gpu_hour,currency,as_of", "L4,spot,0.40,EUR,2026-11"
    )
    assert "'EUR' is not US$" in message
    assert "state the rate and its day" in message


def test_a_price_that_does_not_say_its_currency_is_refused(tmp_path: Path) -> None:
    header = "gpu,contract,price_per_gpu_hour,as_of"
    assert "does not say its currency" in fault(tmp_path, header, "L4,spot,0.40,2026-11")
    assert machines(read(tmp_path, header, "L4,spot,$0.40,2026-11"))


def test_a_decimal_comma_below_semicolons_is_refused(tmp_path: Path) -> None:
    message = fault(tmp_path, HEADER.replace(",", ";"), "L4;spot;0,40;2026-11")
    assert "can be read in two ways" in message


def test_all_faults_of_a_list_are_told_at_once(tmp_path: Path) -> None:
    message = fault(tmp_path, HEADER, "H100,spot,1,2026", "L4,never,1,2026", "L4,spot,x,2026")
    assert [line.split(": ")[0] for line in message.splitlines()] == [
        "quote.csv:2",
        "quote.csv:3",
        "quote.csv:4",
    ]


def test_two_prices_of_one_contract_are_refused_with_both_rows(tmp_path: Path) -> None:
    message = fault(tmp_path, HEADER, "L4,spot,0.40,2026-11", "L4,spot,0.50,2026-11")
    assert "quote.csv:3" in message
    assert "the first is in quote.csv:2" in message


def test_providers_tell_contracts_apart(tmp_path: Path) -> None:
    header = HEADER + ",provider"
    rows = ("L4,on_demand,0.40,2026-11,Cloud A", "L4,on_demand,0.50,2026-11,Cloud B")
    found = read(tmp_path, header, *rows)
    assert set(machines(found)["l4"]["contracts"]) == {"on_demand-cloud-a", "on_demand-cloud-b"}
    assert any("none that is dearer will be chosen" in note for note in found.notes)


def test_what_is_owned_keeps_its_figures(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "accelerator,contract,purchase_usd,depreciation_years,pue,usd_per_kwh,as_of",
        "H100 SXM,owned,32500,4,1.3,0.09,2026-11",
    )
    contract = machines(found)["h100-sxm"]["contracts"]["owned"]
    assert contract["purchase_usd"] == "32500"
    assert (contract["depreciation_years"], contract["pue"]) == ("4", "1.3")


def test_what_is_owned_needs_a_time_to_write_it_off(tmp_path: Path) -> None:
    message = fault(tmp_path, "accelerator,contract,purchase_usd", "H100 SXM,owned,32500")
    assert "depreciation_years" in message


def test_a_machine_with_a_price_gets_no_contract_beside_it(tmp_path: Path) -> None:
    existing = {"machines": [{"name": "a", "accelerator": "L4", "usd_per_hour": "0.5"}]}
    message = fault(tmp_path, HEADER, "L4,spot,0.40,2026-11", existing_tables=existing)
    assert "Remove usd_per_hour from the instance" in message


def test_one_stock_for_two_machines_is_refused(tmp_path: Path) -> None:
    existing = {"machines": [{"name": n, "accelerator": "L4"} for n in ("a", "b")]}
    header = HEADER + ",stock"
    message = fault(tmp_path, header, "L4,spot,0.40,2026-11,8", existing_tables=existing)
    assert "one stock for 2 machines: a, b" in message
    found = read(tmp_path, header, "L4,spot,0.40,2026-11,", existing_tables=existing)
    assert set(machines(found)) == {"a", "b"}


def test_a_row_may_name_its_machine(tmp_path: Path) -> None:
    existing = {"machines": [{"name": n, "accelerator": "L4"} for n in ("a", "b")]}
    rows = ("machine,contract,usd_per_gpu_hour,as_of", "b,spot,0.40,2026-11")
    assert set(machines(read(tmp_path, *rows, existing_tables=existing))) == {"b"}
    wrong = ("machine,contract,usd_per_gpu_hour,as_of", "c,spot,0.40,2026-11")
    assert "no machine 'c'" in fault(tmp_path, *wrong, existing_tables=existing)


def test_a_row_of_another_device_than_its_machines_is_refused(tmp_path: Path) -> None:
    rows = ("machine,gpu,contract,usd_per_gpu_hour,as_of", "pool-a,L40S,spot,0.40,2026-11")
    assert "pool-a has 'H100 SXM'" in fault(tmp_path, *rows, existing_tables=TWO_POOLS)


def test_a_machine_can_be_named_for_all_prices(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER, "L4,spot,0.40,2026-11", machine="mine")
    assert set(machines(found)) == {"mine"}
    message = fault(tmp_path, HEADER, "L4,spot,1,2026", "L40S,spot,1,2026", machine="mine")
    assert "prices of 2 devices" in message


def test_a_list_without_a_device_of_the_instance_is_refused(tmp_path: Path) -> None:
    message = fault(tmp_path, HEADER, "L4,spot,0.40,2026-11", existing_tables=TWO_POOLS)
    assert "no row is of a device that the instance has" in message


@pytest.mark.parametrize("name", ["<script>", "=cmd()", "a\x1b[31m", "x" * 81])
def test_names_of_machines_are_plain(tmp_path: Path, name: str) -> None:
    rows = ("machine,gpu,contract,usd_per_gpu_hour,as_of", f"{name},L4,spot,0.40,2026-11")
    message = fault(tmp_path, *rows)
    assert "quote.csv:2: machine" in message
    assert "\x1b" not in message


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("gpu,contract,usd_per_month", "no column holds a price"),
        ("region,contract,usd_per_hour", "no column says which device"),
        ("gpu,gpu_type,usd_per_hour", "two columns are accelerator"),
    ],
)
def test_headers_without_device_or_price_are_refused(
    tmp_path: Path, header: str, wanted: str
) -> None:
    assert wanted in fault(tmp_path, header, "a,b,c")


def test_columns_that_are_not_read_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + ",region", "L4,spot,0.40,2026-11,us-east-1")
    assert found.notes[0] == "columns that are not read: region"


def test_rows_of_another_width_and_open_quotes_are_refused(tmp_path: Path) -> None:
    assert "3 cells under 4 columns" in fault(tmp_path, HEADER, "L4,spot,0.40")
    assert "Close every quoted cell" in fault(tmp_path, HEADER, 'L4,spot,"0.40,2026-11')


def test_a_list_without_rows_is_refused(tmp_path: Path) -> None:
    assert "holds no price" in fault(tmp_path, HEADER)


def test_archives_and_pipes_are_refused(tmp_path: Path) -> None:
    archive, pipe = tmp_path / "q.csv", tmp_path / "p.csv"
    archive.write_bytes(b"PK\x03\x04" + bytes(64))
    os.mkfifo(pipe)
    for path, what in ((archive, "is a zip archive"), (pipe, "is a pipe")):
        with pytest.raises(InstanceError, match=what):
            read_prices(path, Answers())


PRICES = """\
[[prices]]
accelerator = "L4"
tier = "on-demand"
usd_per_hour = "0.80"
as_of = "2026-10"
source = "list of a cloud"

[[prices]]
accelerator = "L4"
tier = "reserved-3y"
usd_per_hour = "113/250"
as_of = "2026-11"
source = "list of a cloud"

[[prices]]
accelerator = "L4"
tier = "tco-neocloud"
usd_per_hour = "0.20"
as_of = "2026-08"
source = "a study"
"""


def test_entries_of_the_catalogs_form_become_contracts(tmp_path: Path) -> None:
    path = tmp_path / "list.toml"
    path.write_text(PRICES)
    found = read_prices(path, Answers())
    contracts = machines(found)["l4"]["contracts"]
    assert {
        name: (one["kind"], one["usd_per_hour"], one["as_of"]) for name, one in contracts.items()
    } == {
        "on-demand": ("on_demand", "0.8", "2026-10"),
        "reserved-3y": ("reserved", "0.452", "2026-11"),
    }
    assert contracts["on-demand"]["source"] == "list of a cloud, list.toml: prices.0"
    assert any("tier 'tco-neocloud'" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x = [" * 100_000, "is not TOML"),
        ("[[prices", "is not TOML"),
        ("a = 1", "holds no"),
        (PRICES.replace('as_of = "2026-10"', ""), "prices.0.as_of: missing"),
        (PRICES.replace('"L4"', '"L5"'), "no accelerator 'L5'"),
        (PRICES.replace('"0.80"', '"=1+1"'), "decimal in quotes"),
    ],
)
def test_entries_that_cannot_be_read_are_refused(tmp_path: Path, text: str, wanted: str) -> None:
    path = tmp_path / "list.toml"
    path.write_text(text)
    with pytest.raises(FleetError, match=wanted):
        read_prices(path, Answers())


def test_a_replica_takes_no_price_list() -> None:
    with pytest.raises(InstanceError, match="machines of a fleet"):
        read_prices(SAMPLE, Answers(question="replica"))
