"""Installs lsl_jax; metadata and tools' settings are in pyproject.toml."""

import setuptools

setuptools.setup()
