"""Files that other tools write, as parts of a question; each figure keeps where it came from."""
