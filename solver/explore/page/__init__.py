"""What the browser sees: layout, charts, callbacks and the local server."""
