"""What runs beside the window: the only place that reaches the engine."""
