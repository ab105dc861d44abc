"""The open models: fetched once, checked, loaded, talked with, tuned."""
