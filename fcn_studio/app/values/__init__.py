"""Frozen values that the window passes around; no widgets."""
