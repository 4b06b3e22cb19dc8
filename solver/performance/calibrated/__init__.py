"""Steps, memory and serving from measured operators: the performance model ``calibrated``."""
