"""The one place of wiring: config -> data -> phase 1 -> phase 2 -> report."""
