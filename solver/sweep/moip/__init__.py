"""The complete nondominated set of a multi-objective integer program, with proofs."""
