"""A page for trying a recogniser: drop pictures to teach, another to ask.

`python -m lsl_jax.demo --workdir=FOLDER` serves it to this computer only. It
needs the extra `lsl_jax[demo]` (Starlette and Uvicorn).
"""
