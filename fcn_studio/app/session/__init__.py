"""The one writer of what is shown: photos, settings, measures."""
