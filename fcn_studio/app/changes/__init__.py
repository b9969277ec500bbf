"""The Changes tab: what each skip changed, better or worse, and which layer decided."""
