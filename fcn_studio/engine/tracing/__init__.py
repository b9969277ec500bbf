"""From a photo to a trace."""
