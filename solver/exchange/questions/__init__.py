"""From a question to a program in a file, and from an answer in a file back to the question."""
