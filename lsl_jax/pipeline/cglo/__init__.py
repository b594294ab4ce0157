"""cGLO as a config describes it: networks, codes, training."""
