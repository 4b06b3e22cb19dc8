"""What is in a file: questions about replicas, and multi-objective integer programs."""
