"""Pieces that painted plots share."""
