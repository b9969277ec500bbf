"""What needs torch: nets, checkpoints, prediction, training, evaluation."""
