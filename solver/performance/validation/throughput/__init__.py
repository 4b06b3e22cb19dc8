"""Published throughput (TensorRT-LLM's pages, MLPerf, single figures) against the model.

``report.validate_throughput`` compares a file; ``rows`` tells whether a file is one.
"""
