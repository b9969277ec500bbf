"""How photos come in: drops, links, folders, and the film strip that holds them."""
