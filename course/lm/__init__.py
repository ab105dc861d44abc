"""The engine: tokenizer, models, training, sampling, evaluation. Yields progress, never draws."""
