"""Where known data sets keep photos and masks, a layout a file."""
