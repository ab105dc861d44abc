"""What one lesson measures and what ships no model. Yields progress and never draws."""
