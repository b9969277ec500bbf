"""The net after its trunk as a value: nodes, the steps between them, and the exits to the photo."""
