"""Data sets, augmentation, recipes and the training loop."""
