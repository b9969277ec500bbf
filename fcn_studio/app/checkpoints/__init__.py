"""Checkpoints to choose from: menu, catalog, download, doctor, palettes."""
