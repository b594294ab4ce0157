"""Keeps pytest from importing the script that needs PyTorch."""

collect_ignore = ['record_torch_outputs.py']
