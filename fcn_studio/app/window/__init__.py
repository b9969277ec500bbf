"""The main window: it alone knows all features, and puts them together."""
