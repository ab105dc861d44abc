"""Releasing, verifying and self-checking lessons. Knows nbgrader; imports none of the three."""
