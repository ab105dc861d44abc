"""Who writes lessons: build ``release/``, refuse a leak, test the tests. Knows nbgrader."""
