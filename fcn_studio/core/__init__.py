"""What numpy and Pillow suffice for: images, labels, geometry, fusion on the trace, pictures, metrics."""
