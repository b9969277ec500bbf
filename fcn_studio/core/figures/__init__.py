"""Exported figures and animations."""
