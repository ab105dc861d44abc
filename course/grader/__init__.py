"""Grade submissions that nobody has read: prepare, run in a sandbox, record in the gradebook."""

import sys

# nbgrader brings jsonschema, which compiles 38 grammars (1.5 seconds, every time) to check kinds of
# addresses that no notebook's schema holds, and does without them where this module is missing.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
