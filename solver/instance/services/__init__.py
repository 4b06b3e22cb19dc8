"""What real services ask of a model: sessions, tools, reasoning, retrieval, caches, as demand."""
