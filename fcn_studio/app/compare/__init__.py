"""The Compare tab: panels side by side, swipe, difference, legend."""
