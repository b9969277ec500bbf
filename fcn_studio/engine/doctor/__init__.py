"""What is wrong with a checkpoint, found by its weights and scores."""
