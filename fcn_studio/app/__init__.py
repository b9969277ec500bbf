"""The window. Qt lives here; torch is reached through `worker` only."""
