"""How results go out: export dialog, exporter, pictures of the view."""
