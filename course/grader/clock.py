"""How long a process had something to do, but no processor: time that no limit should count."""


def waited(process: int | str = "self") -> float:
    """Return the seconds that a process' main thread has waited for a processor so far.

    0 where the system doesn't say: only Linux does.
    """
    try:
        with open(f"/proc/{process}/schedstat", "rb") as file:
            return int(file.read(100).split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
