"""Photos, masks and heat maps as they are drawn, and how they zoom."""
