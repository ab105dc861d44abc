"""Tokenizer, models, training, sampling and evaluation. Yields progress and never draws."""
