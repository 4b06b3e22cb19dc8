"""The door of fleet questions: files in, a checked question out."""
