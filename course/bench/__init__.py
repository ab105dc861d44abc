"""Ours against well-known peers, measured in the same run. On top of all, imported by none."""
