"""The table of a data set, its totals and its CSV."""
