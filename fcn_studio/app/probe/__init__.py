"""The probe: what one pixel or region is made of."""
