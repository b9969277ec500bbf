"""Arithmetic of the nets only: no files, no logging."""
