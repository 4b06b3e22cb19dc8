from __future__ import annotations

import subprocess
import sys

import pytest

import solver.report


def test_every_public_name_can_be_imported() -> None:
    for name in solver.report.__all__:
        assert getattr(solver.report, name) is not None


def test_every_lazy_name_is_public() -> None:
    assert set(solver.report._MODULE_OF) == set(solver.report.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = solver.report.nothing


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = (
        "import sys, solver.report\n"
        "heavy = {'matplotlib', 'plotly', 'rich', 'jinja2', 'numpy', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_printing_a_result_imports_no_drawing_library() -> None:
    program = (
        "import sys\n"
        "from solver.report import print_result\n"
        "heavy = {'matplotlib', 'plotly', 'jinja2', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
