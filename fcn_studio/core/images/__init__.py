"""Photos from files of every kind as 8-bit RGB."""
