"""Mathematical programs over plain numbers; nothing here imports ``solver``."""
