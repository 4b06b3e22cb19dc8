"""From a point of a frontier to the files that start its servers."""
