"""A machine from a host's XML, and what a hostile one cannot do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from solver.errors import InstanceError
from solver.importers.cluster.nvidia_smi import read_devices
from solver.importers.findings import Answers, Figure, Findings

SAMPLE = Path(__file__).parents[4] / "instances/import/cluster/h100-host.nvidia-smi.xml"
DOCTYPE = '<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">'


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """The sample with the first place of each text changed."""
    text = SAMPLE.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "host.xml"
    path.write_text(text)
    return path


def machines(found: Findings) -> list[dict[str, Any]]:
    tables = found.tables["machines"]
    assert isinstance(tables, list)
    return [
        {key: part.value for key, part in table.items() if isinstance(part, Figure)}
        for table in tables
    ]


def fault(path: Path, **answers: Any) -> str:
    with pytest.raises(InstanceError) as caught:
        read_devices(path, Answers(**answers))
    return str(caught.value)


def test_the_sample_is_one_machine_of_eight_devices() -> None:
    (machine,) = machines(read_devices(SAMPLE, Answers()))
    assert machine == {
        "name": "h100-80gb-hbm3",
        "accelerator": "H100 SXM",
        "node_devices": 8,
    }


def test_how_many_such_devices_there_are_is_asked_for() -> None:
    missing = read_devices(SAMPLE, Answers()).missing
    assert missing[0].key == "machines.h100-80gb-hbm3.stock_devices"
    assert missing[0].flag == "--stock-devices"


def test_answers_fill_the_machine() -> None:
    answers = Answers(
        machine="pool",
        stock_devices="16",
        usd_per_hour="2.95",
        as_of="2026-11",
        price_source="a mail",
    )
    found = read_devices(SAMPLE, answers)
    assert found.missing == ()
    assert machines(found) == [
        {
            "name": "pool",
            "accelerator": "H100 SXM",
            "node_devices": 8,
            "stock_devices": 16,
            "usd_per_hour": "2.95",
            "source": "a mail",
            "as_of": "2026-11",
        }
    ]


@pytest.mark.parametrize("devices", ["12", "0", "-8", "8.0", "99999999999"])
def test_devices_that_are_no_whole_hosts_are_refused(devices: str) -> None:
    assert "--stock-devices" in fault(SAMPLE, stock_devices=devices)


def test_the_power_limit_is_told_and_not_taken_for_the_power_with_the_host() -> None:
    found = read_devices(SAMPLE, Answers())
    assert "watts_per_device" not in machines(found)[0]
    assert any("may draw 700 W" in note for note in found.notes)


def test_a_lowered_power_limit_is_a_warning(tmp_path: Path) -> None:
    path = changed(tmp_path, ("<current_power_limit>700.00 W", "<current_power_limit>500.00 W"))
    notes = read_devices(path, Answers()).notes
    assert any("limited to 500 and 700 W, below the 700 W" in note for note in notes)


def test_two_kinds_of_device_are_two_machines(tmp_path: Path) -> None:
    path = changed(tmp_path, ("NVIDIA H100 80GB HBM3", "NVIDIA L40S"), ("81559 MiB", "46068 MiB"))
    found = read_devices(path, Answers())
    assert [(one["accelerator"], one["node_devices"]) for one in machines(found)] == [
        ("L40S", 1),
        ("H100 SXM", 7),
    ]
    assert any("2 kinds of device" in note for note in found.notes)


def test_memory_that_is_not_the_products_is_refused(tmp_path: Path) -> None:
    message = fault(changed(tmp_path, ("81559 MiB", "40960 MiB")))
    assert "40960 MiB" in message
    assert "80 GB of 'H100 SXM'" in message


def test_mig_is_refused_with_the_command_that_ends_it(tmp_path: Path) -> None:
    path = changed(tmp_path, ("<current_mig>Disabled", "<current_mig>Enabled"))
    assert "nvidia-smi -mig 0" in fault(path)


def test_a_shared_device_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, ("<virtualization_mode>None", "<virtualization_mode>VGPU"))
    assert "shared between virtual machines" in fault(path)


def test_a_part_of_the_host_is_refused(tmp_path: Path) -> None:
    path = changed(tmp_path, ("<attached_gpus>8", "<attached_gpus>16"))
    assert "says '16', and 8 are listed" in fault(path)


def test_an_unknown_product_is_asked_for(tmp_path: Path) -> None:
    text = SAMPLE.read_text().replace("NVIDIA H100 80GB HBM3", "NVIDIA H100 NVL")
    path = tmp_path / "host.xml"
    path.write_text(text.replace("81559 MiB", "95830 MiB"))
    found = read_devices(path, Answers(stock_devices="8"))
    assert found.missing[0].key.endswith(".accelerator")
    assert "NVIDIA H100 NVL with 95830 MiB" in found.missing[0].question
    assert "95830 MiB" in fault(path, accelerator="H100 SXM")


def test_an_accelerator_against_the_product_is_refused() -> None:
    assert "is 'H100 SXM' in the catalog" in fault(SAMPLE, accelerator="H200 SXM")


def test_the_doctype_of_real_output_is_accepted_and_never_fetched(tmp_path: Path) -> None:
    # A DTD that would make the document invalid lies where the DOCTYPE points to.
    (tmp_path / "nvsmi_device_v12.dtd").write_text('<!ENTITY x SYSTEM "file:///etc/passwd">')
    path = changed(tmp_path)
    assert DOCTYPE in path.read_text()
    assert machines(read_devices(path, Answers()))[0]["node_devices"] == 8


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY a PUBLIC "x" "http://127.0.0.1:9/x">',
        '<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;',
    ],
)
def test_declared_entities_are_refused_unread(tmp_path: Path, declared: str) -> None:
    path = changed(tmp_path, (DOCTYPE, f"<!DOCTYPE nvidia_smi_log [{declared}]>"))
    message = fault(path)
    assert "declares an entity" in message
    assert "root:" not in message


def test_an_entity_used_without_declaration_is_no_xml(tmp_path: Path) -> None:
    assert "is not XML" in fault(changed(tmp_path, ("NVIDIA H100 80GB HBM3", "&x;")))


def test_deep_nesting_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "deep.xml"
    path.write_text("<nvidia_smi_log>" + "<a>" * 20_000 + "</a>" * 20_000 + "</nvidia_smi_log>")
    assert "0 are listed" in fault(path)


@pytest.mark.parametrize(
    "product", ["&lt;script&gt;alert(1)&lt;/script&gt;", "=cmd()", "a&#10;b", "", "x" * 500]
)
def test_products_that_are_no_name_are_refused(tmp_path: Path, product: str) -> None:
    message = fault(changed(tmp_path, ("NVIDIA H100 80GB HBM3", product)))
    assert "is no name of a product" in message
    assert len(message) < 500


@pytest.mark.parametrize("total", ["-5 MiB", "81559 GiB", "N/A", "1e9 MiB", "0 MiB", "9" * 30])
def test_memory_that_is_no_count_is_refused(tmp_path: Path, total: str) -> None:
    assert "no whole number of MiB" in fault(changed(tmp_path, ("81559 MiB", total)))


@pytest.mark.parametrize("text", ["{}", "No devices were found", "<html></html>"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "host.xml"
    path.write_text(text)
    assert re.search(r"is not XML|not <nvidia_smi_log>", fault(path))
