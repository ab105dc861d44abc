"""What makes a shipped model, stage by stage. Yields progress and never draws."""
