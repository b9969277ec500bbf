"""The Heat maps tab: one node in all classes, or one class through all nodes."""
