"""Tables of flags: what they let through, and whether they agree with the engines' sources."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from solver.deploy.engines.flag_table import Program, flag_table

ENGINES = ("vllm", "sglang", "trtllm")
PROGRAMS = [
    pytest.param(program, id=f"{engine}-{name}")
    for engine in ENGINES
    for name, program in flag_table(engine).programs.items()
]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_table_names_its_version_source_and_images(engine: str) -> None:
    table = flag_table(engine)
    assert table.version[0].isdigit()
    assert "2026" in table.source
    for program in table.programs.values():
        for image in (program.image, *program.images.values()):
            assert ":" in image
            assert not image.endswith(":latest")


def test_a_flag_that_the_table_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no flag --tensor-parallel in"):
        flag_table("vllm").programs["serve"].argument("--tensor-parallel", 8, "why")


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--tensor-parallel-size", "8.0"),
        ("--tensor-parallel-size", ""),
        ("--gpu-memory-utilization", "much"),
        ("--enable-expert-parallel", "true"),
        ("--kv-cache-dtype", "fp4"),
        ("--served-model-name", "--trust-remote-code"),
        ("--kv-transfer-config", "[1]"),
    ],
)
def test_a_value_of_another_type_is_refused(flag: str, value: str) -> None:
    with pytest.raises(ValueError, match=flag):
        flag_table("vllm").programs["serve"].argument(flag, value, "why")


def test_an_option_that_the_table_does_not_have_is_refused() -> None:
    program = flag_table("trtllm").programs["serve"]
    with pytest.raises(ValueError, match=r"kv_cache_config\.type: is not in its table"):
        program.option_file("o.yaml", {"kv_cache_config": {"type": "fp8"}}, {})


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_table_agrees_with_the_source_where_it_is_installed(program: Program) -> None:
    found = importlib.util.find_spec(program.package)
    if found is None or not found.submodule_search_locations:
        pytest.skip(f"the package {program.package} is not installed here")
    root = Path(next(iter(found.submodule_search_locations))).parent
    told = [root / program.package / name for name in ("_version.py", "version.py")]
    if not any(p.exists() and program.version in p.read_text(encoding="utf-8") for p in told):
        pytest.skip(f"the table is of {program.version}, and another version is installed here")
    rows = [(f.name, f.defined_in, f.choices_in, f.choices) for f in program.flags.values()]
    rows += [(o.name, o.defined_in, o.defined_in, o.choices) for o in program.options.values()]
    rows += [(name, home, home, ()) for name, home in program.environment.items()]
    for name, home, choices_home, choices in rows:
        text = (root / home).read_text(encoding="utf-8")
        field = name.lstrip("-").split(".")[-1].replace("-", "_")
        assert re.search(rf"\b{re.escape(field)}\b|{re.escape(name)}", text), f"{name}: {home}"
        listed = (root / choices_home).read_text(encoding="utf-8")
        for choice in choices:
            assert f'"{choice}"' in listed or f"'{choice}'" in listed, (name, choice)
