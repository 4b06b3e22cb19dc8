"""A config.json becomes a question that solves, with the figures that were published."""

from __future__ import annotations

import json
import os
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from solver.api import solve
from solver.catalog import parameter_count, shipped_catalog
from solver.errors import CatalogError, FleetError, InstanceError
from solver.importers.drafting import Draft, draft
from solver.importers.findings import Answers, Figure
from solver.importers.models.config_json import read_model
from solver.instance.domain import ReplicaInstance
from solver.instance.fleet.reader import fleet_instance_from_raw
from solver.instance.reader import replica_instance_from_raw

MODELS = Path(__file__).resolve().parents[4] / "instances" / "import" / "models"
LLAMA = MODELS / "llama-3.1-8b" / "config.json"
QWEN = MODELS / "qwen3-30b-a3b" / "config.json"
DEEPSEEK = MODELS / "deepseek-v3" / "config.json"


def drafted(path: Path, answers: Answers, existing: str | None = None) -> Draft:
    return draft(read_model(path, answers), existing=existing, name="plan", where="plan.toml")


def tables(made: Draft) -> dict[str, Any]:
    return tomllib.loads(made.text, parse_float=Decimal)


def question(path: Path, **changed: Any) -> tuple[ReplicaInstance, dict[str, Any]]:
    """The question of a file, with its layouts narrowed so that tests stay quick."""
    answers = Answers(accelerator="H200 SXM", context_tokens="4096")
    raw = tables(drafted(path, answers))
    raw["design"] |= {"pipeline_parallel": [1], "batch": [1, 8, 32], **changed}
    return replica_instance_from_raw(raw), raw


def edited(tmp_path: Path, source: Path, name: str = "mine", **changes: Any) -> Path:
    """A copy of a config.json with other values; None takes a key out."""
    document = json.loads(source.read_text()) | changes
    folder = tmp_path / name
    folder.mkdir()
    path = folder / "config.json"
    path.write_text(json.dumps({k: v for k, v in document.items() if v is not None}))
    return path


@pytest.mark.parametrize(
    ("path", "count"),
    [(LLAMA, 8_030_261_248), (QWEN, 30_532_122_624), (DEEPSEEK, 671_026_419_200)],
)
def test_the_weights_are_as_many_as_published(path: Path, count: int) -> None:
    assert parameter_count(question(path)[0].model) == count


@pytest.mark.parametrize(
    ("path", "degrees", "name", "weight_format"),
    [
        (LLAMA, [1, 2], "Llama-3.1-8B", "bf16"),
        (QWEN, [1, 2], "Qwen3-30B-A3B", "bf16"),
        (DEEPSEEK, [8, 16], "DeepSeek-V3", "fp8_block"),
    ],
)
def test_the_frontier_is_that_of_the_catalogs_model(
    path: Path, degrees: list[int], name: str, weight_format: str
) -> None:
    few: dict[str, Any] = {"tensor_parallel": degrees}
    if path != LLAMA:
        few |= {"expert_parallel": [1, 8], "attention_data_parallel": [1, 8]}
    imported, raw = question(path, **few)
    assert raw["design"]["weight_format"] == [weight_format]
    by_name = {key: value for key, value in raw.items() if key != "models"}
    assert by_name["workload"]["model"] == name
    catalogs = replica_instance_from_raw(by_name)

    def points(asked: ReplicaInstance) -> list[Any]:
        return [(point.design, point.objectives) for point in solve(asked).points]

    found = points(imported)
    assert len(found) > 1
    assert found == points(catalogs)


@pytest.mark.parametrize("path", [LLAMA, QWEN, DEEPSEEK])
def test_every_figure_of_the_model_says_its_key(path: Path) -> None:
    (entry,) = read_model(path, Answers()).tables["models"]  # type: ignore[misc]
    keys = json.loads(path.read_text())
    sources = [
        figure.source
        for part in entry.values()
        for figure in (part.values() if isinstance(part, dict) else [part])
        if isinstance(figure, Figure) and figure.source
    ]
    assert len(sources) > 8
    for source in sources:
        file, _, key = source.partition(": ")
        assert file.startswith("as ") or key.split(":")[0].split(" ")[0] in keys


def test_the_draft_needs_no_other_file() -> None:
    made = drafted(LLAMA, Answers())
    assert "config =" not in made.text
    assert not made.files


def test_what_the_file_does_not_say_is_missing() -> None:
    made = drafted(LLAMA, Answers())
    assert [one.key for one in made.missing] == ["workload.context_tokens", "design.accelerator"]
    assert "(--context-tokens)\n# context_tokens = 4096\n" in made.text


def test_a_workload_of_a_fleet_misses_its_demand_and_machines() -> None:
    made = drafted(LLAMA, Answers(question="fleet", input_tokens="1500"))
    assert [one.key.rpartition(".")[2] for one in made.missing] == [
        "output_tokens",
        "requests_per_s",
        "machines",
    ]


def test_a_fleet_with_a_machine_is_whole() -> None:
    answers = Answers(
        question="fleet",
        input_tokens="1500",
        output_tokens="300",
        requests_per_s="2.5",
        min_speed_tok_per_s="25",
        max_ttft_s="2",
    )
    raw = tables(drafted(LLAMA, answers))
    raw["machines"] = [{"name": "h100", "accelerator": "H100 SXM", "usd_per_hour": "2.95"}]
    asked = fleet_instance_from_raw(raw)
    assert asked.workloads[0].name == "Llama-3.1-8B"


def test_an_import_fills_in_what_another_left_open() -> None:
    first = drafted(LLAMA, Answers())
    answers = Answers(accelerator="L40S", context_tokens="1000", existing_tables=first.tables)
    second = drafted(LLAMA, answers, first.text)
    assert not second.missing
    assert "missing:" not in second.text.partition("schema")[2]


def test_choices_of_the_instance_stay() -> None:
    first = drafted(LLAMA, Answers())
    text = first.text.replace("[1, 2, 4, 8, 16]", "[2]")
    again = Answers(existing_tables=tomllib.loads(text))
    assert drafted(LLAMA, again, text).text == text


def test_a_model_takes_the_name_that_is_given() -> None:
    assert tables(drafted(LLAMA, Answers(model="mine")))["workload"]["model"] == "mine"


def test_a_shape_the_catalog_does_not_have_takes_its_folders_name(tmp_path: Path) -> None:
    path = edited(tmp_path, LLAMA, "<script>alert(1)", num_hidden_layers=33)
    assert tables(drafted(path, Answers()))["workload"]["model"] == "<script>alert(1)"


def test_a_folder_with_escapes_in_its_name_is_made_visible(tmp_path: Path) -> None:
    path = edited(tmp_path, LLAMA, "\x1b[31m\n", num_hidden_layers=33)
    assert tables(drafted(path, Answers()))["models"][0]["name"] == r"\x1b[31m\n"


def test_quantisation_gives_the_format_of_the_design(tmp_path: Path) -> None:
    path = edited(tmp_path, LLAMA, quantization_config={"quant_method": "awq", "bits": 4})
    raw = tables(drafted(path, Answers()))
    assert raw["models"][0]["native_weight_bits"] == 4
    assert raw["design"]["weight_format"] == ["int4"]


def test_modelopts_file_beside_it_is_read(tmp_path: Path) -> None:
    path = edited(tmp_path, LLAMA)
    beside = {"quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}}
    (path.parent / "hf_quant_config.json").write_text(json.dumps(beside))
    raw = tables(drafted(path, Answers()))
    assert raw["design"]["weight_format"] == ["fp8"]
    assert raw["models"][0]["native_kv_bits"] == 8


def test_modelopts_file_of_another_model_is_told_apart(tmp_path: Path) -> None:
    path = edited(tmp_path, LLAMA, quantization_config={"quant_method": "awq", "bits": 4})
    beside = {"quantization": {"quant_algo": "FP8"}}
    (path.parent / "hf_quant_config.json").write_text(json.dumps(beside))
    with pytest.raises(InstanceError, match=r"in fp8, and config\.json in int4"):
        read_model(path, Answers())


def test_attention_left_wide_in_a_large_model_is_remarked_on(tmp_path: Path) -> None:
    quantized = {"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["*self_attn*"]}
    path = edited(tmp_path, DEEPSEEK, quantization_config=quantized)
    notes = read_model(path, Answers()).notes
    assert notes[0].startswith("1.7% of the weights stay in 16 bits")


def test_a_checkpoint_half_of_which_stays_wide_is_refused(tmp_path: Path) -> None:
    quantized = {"quant_method": "fp8", "ignored_layers": ["mlp"]}
    path = edited(tmp_path, LLAMA, quantization_config=quantized)
    with pytest.raises(InstanceError, match="70% of the weights"):
        read_model(path, Answers())


def test_a_second_format_in_one_fleet_is_refused(tmp_path: Path) -> None:
    first = drafted(LLAMA, Answers(question="fleet"))
    path = edited(tmp_path, QWEN, quantization_config={"quant_method": "awq", "bits": 4})
    answers = Answers(question="fleet", existing_tables=first.tables)
    with pytest.raises(InstanceError, match="one list of formats"):
        read_model(path, answers)


@pytest.mark.parametrize(
    "changes",
    [
        {"architectures": ["UnknownForCausalLM"]},
        {"architectures": ["<script>\x1b"]},
        {"architectures": None},
        {"architectures": [["LlamaForCausalLM"]]},
        {"num_hidden_layers": None},
        {"num_hidden_layers": -1},
        {"hidden_size": "=cmd()"},
        {"hidden_size": 10**30},
        {"text_config": 3},
        {"torch_dtype": ["bfloat16"]},
        {"quantization_config": "fp8"},
        {"quantization_config": {"quant_method": {}}},
        {"num_attention_heads": 0},
    ],
)
def test_a_file_that_is_not_understood_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(FleetError) as caught:
        read_model(edited(tmp_path, LLAMA, **changes), Answers())
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["[]", "3", '"LlamaForCausalLM"', "null"])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(InstanceError, match="not a JSON object"):
        read_model(path, Answers())


def test_a_pipe_beside_the_file_does_not_hold_it_up(tmp_path: Path) -> None:
    path = edited(tmp_path, LLAMA)
    os.mkfifo(path.parent / "hf_quant_config.json")
    with pytest.raises(InstanceError, match="is a pipe"):
        read_model(path, Answers())


def test_an_unknown_accelerator_is_refused() -> None:
    with pytest.raises(CatalogError, match="H900"):
        read_model(LLAMA, Answers(accelerator="H900"))


def test_the_catalogs_price_is_said_to_be_a_choice() -> None:
    made = drafted(LLAMA, Answers(accelerator="H100 SXM"))
    price = shipped_catalog().price("H100 SXM", "on-demand")
    assert (
        f'tier = "on-demand"  # a choice: the catalog\'s {float(price.usd_per_hour)}' in made.text
    )


def test_a_stated_price_is_kept_exactly() -> None:
    answers = Answers(
        accelerator="H100 SXM", usd_per_hour="2.10", as_of="2026-05", price_source="mail"
    )
    assert tables(drafted(LLAMA, answers))["price"] == {
        "usd_per_hour": "2.10",
        "as_of": "2026-05",
        "source": "mail",
    }
