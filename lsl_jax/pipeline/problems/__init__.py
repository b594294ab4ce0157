"""Which images and classes a run is about, and how its trials are drawn."""
