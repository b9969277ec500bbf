"""Views: what shows the photo and its masks."""
