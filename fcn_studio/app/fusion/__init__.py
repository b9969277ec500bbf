"""The Fusion tab: the live graph and its sliders."""
