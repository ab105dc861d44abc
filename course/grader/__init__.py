"""Grade submissions that nobody has read: prepare, run in a sandbox, record in the gradebook.

For any nbgrader course: nothing else of this one is imported. What the grader must know of a course
comes in as one object (`hooks.Hooks`).
"""
