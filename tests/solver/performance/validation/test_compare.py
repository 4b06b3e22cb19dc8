from __future__ import annotations

import math

import numpy as np
import pytest

from solver.performance.validation.compare import relative_errors


@pytest.mark.parametrize(
    ("stated", "computed", "error"),
    [
        (2.0, 2.0, 0.0),
        (2.0, 2.5, 0.25),
        (-2.0, -2.5, 0.25),
        (0.0, 1e-6, 1e-6),
        (math.inf, math.inf, 0.0),
        (math.inf, 1.0, math.inf),
        (1.0, math.inf, math.inf),
        (math.inf, -math.inf, math.inf),
        (1.0, math.nan, math.inf),
        (1e-300, 1e300, math.inf),
    ],
)
def test_the_error_of_a_pair_is(stated: float, computed: float, error: float) -> None:
    found = relative_errors(np.array([stated]), np.array([computed]))
    assert found.tolist() == [pytest.approx(error, rel=1e-12)]
