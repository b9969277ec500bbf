"""Checkpoints that are published: their list, and how they are fetched."""
