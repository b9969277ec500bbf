"""Metrics, boundaries, evaluation and diagnosis."""
