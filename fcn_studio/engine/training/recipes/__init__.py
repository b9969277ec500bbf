"""Recipes: their entries, bounds, stages and phases."""
