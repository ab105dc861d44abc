"""How sure a measured share is. Stands alone, since plots need it where torch isn't loaded."""


def interval(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927), sound for few trials; all for none.

    Parameters
    ----------
    hits, n : int
        How many, of how many.
    """
    from scipy.stats import binomtest  # slow to import

    if not n:
        return 0.0, 1.0
    found = binomtest(int(hits), int(n)).proportion_ci(method="wilson")
    return float(found.low), float(found.high)
