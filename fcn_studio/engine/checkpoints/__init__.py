"""File formats to nets and back."""
