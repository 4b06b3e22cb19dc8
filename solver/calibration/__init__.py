"""Measure the machine at hand and fit the operator families to it.

``calibrate`` runs a plan of shapes on a ``Backend`` and returns the text of a calibration file,
which ``solver.performance.operators.calibration_file`` reads back. PyTorch is imported only by
``torch_backend`` and the processes of the collectives.
"""

from __future__ import annotations

from solver.calibration.plan import LEAST_BUDGET_S, QUICK_BUDGET_S
from solver.calibration.run import Calibrated, calibrate

__all__ = ["LEAST_BUDGET_S", "QUICK_BUDGET_S", "Calibrated", "calibrate"]
