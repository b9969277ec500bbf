"""The trace, its file and its page."""
