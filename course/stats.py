"""Who wins, how sure a measured share or mean is, and how a share is written: "42%".

Plots need it where torch isn't loaded.

numpy and scipy are imported by the functions: they are slow to load.
"""

from typing import Any

from course.language import _


def beats(mine: Any, theirs: Any) -> Any:
    """Return 1 where the first score is higher, 0 where the second is, 1/2 for a tie.

    Parameters
    ----------
    mine, theirs : float, or arrays or tensors of one shape
    """
    return (mine > theirs) + 0.5 * (mine == theirs)


def interval(hits: float, n: int) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson 1927), sound for few trials; all for none.

    Parameters
    ----------
    hits, n : float, int
        How many, of how many; a part of a hit is none.
    """
    from scipy.stats import binomtest

    if not n:
        return 0.0, 1.0
    found = binomtest(int(hits), int(n)).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def mean_interval(values: Any) -> tuple[Any, Any]:
    """Return the mean over seeds and the half width of its 95% interval.

    Parameters
    ----------
    values : array or sequences of float, shape (seeds, points)

    Returns
    -------
    mean, half : ndarray of float, shape (points,)
        Of one seed the half width is 0: nothing can be said.
    """
    import numpy as np
    from scipy.stats import t

    table = np.asarray(values, dtype=float)
    seeds = len(table)
    if seeds < 2:
        return table.mean(0), np.zeros(table.shape[1])
    return table.mean(0), t.ppf(0.975, seeds - 1) * table.std(0, ddof=1) / np.sqrt(seeds)


def percent(share: float, digits: int | None = None) -> str:
    """Write a share in percent, such as "42%"; near 0 and 1 with a digit after the point if open.

    Parameters
    ----------
    share : float
        From 0 to 1.
    digits : int, optional
        After the point.
    """
    if digits is None:
        digits = 0 if 0.095 <= share < 0.99 or share in (0, 1) else 1
    return f"{share:.{digits}%}"


def percent_within(share: float, low: float, high: float) -> str:
    """Write a share in percent with both ends of its interval, such as "42% (37 to 47)"."""
    return _("{share} ({low:.0f} to {high:.0f})").format(
        share=percent(share, 0), low=100 * low, high=100 * high
    )
