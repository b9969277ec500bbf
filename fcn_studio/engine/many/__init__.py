"""Folders of photos, on one machine or several."""
