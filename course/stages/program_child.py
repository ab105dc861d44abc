"""The process in which programs of a model run: alone, with little, and never twice after a fault.

`course.stages.programs` starts this file by ``python -I -S`` and writes a line of JSON a program:
its source and its inputs. A line of JSON comes back for each: the values, or what went wrong. What
a program prints goes nowhere. Standard library only, and nothing of the course: nothing that lies
around here is worth taking. Left out on purpose: the clock. The parent watches it, since a process
that is stuck can't.
"""

import contextlib
import json
import os
import sys
from typing import Any, TextIO

LARGEST = 2**63  # values beyond are refused; they would only be long


def limit(megabytes: int) -> None:
    """Take memory, files and further processes from this process, where the system can."""
    try:
        import resource  # there is none on Windows; macOS takes the memory limit and forgets it
    except ImportError:
        return
    size = megabytes * 2**20
    for name, most in (("RLIMIT_AS", size), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (most, most))


def call(source: str, inputs: list[int]) -> dict[str, Any]:
    """Define ``f`` and return its values, or a word for the fault and what it was about."""
    space: dict[str, Any] = {"__builtins__": {}}
    x: Any = None
    try:
        exec(compile(source, "<program>", "exec"), space)
        values = []
        for x in inputs:
            value = space["f"](x)
            if type(value) is not int:
                return {"fault": "kind", "about": f"f({x}) gives {type(value).__name__}"}
            if not -LARGEST < value < LARGEST:
                return {"fault": "large", "about": f"f({x})"}
            values.append(value)
    except MemoryError:
        return {"fault": "memory", "about": f"f({x})"}
    except BaseException as error:  # also SystemExit: a program must not end this process
        return {"fault": type(error).__name__, "about": f"f({x}): {str(error)[:100]}"}
    return {"values": values}


def main(lines: TextIO, megabytes: int) -> None:
    """Answer each line of `lines` with one line."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    limit(megabytes)
    for line in lines:
        asked = json.loads(line)
        answers.write(json.dumps(call(asked["source"], asked["inputs"])) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.stdin, int(sys.argv[1]))
