"""Benchmarks, agreement and evaluation."""
