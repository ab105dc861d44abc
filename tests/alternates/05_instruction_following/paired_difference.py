# %% statistics module
# Plain Python, with the sample variance of the standard library.
def paired_difference(first, second, z=1.96):
    from math import sqrt
    from statistics import fmean, variance

    first, second = [float(x) for x in first], [float(x) for x in second]
    change = [b - a for a, b in zip(first, second)]
    n = len(change)
    unpaired = z * sqrt(variance(first) / n + variance(second) / n)
    return fmean(change), z * sqrt(variance(change) / n), unpaired


# %% covariance
# One table of variances and covariance: the paired variance is the sum less twice the covariance.
def paired_difference(first, second, z=1.96):
    table = np.cov(np.asarray(first, dtype=float), np.asarray(second, dtype=float)) / len(first)
    apart = table[0, 0] + table[1, 1]
    together = max(0.0, apart - 2 * table[0, 1])
    return float(np.mean(second) - np.mean(first)), z * together**0.5, z * apart**0.5


# %% scipy
# The standard error of the mean, from a library, of the differences and of both lists.
def paired_difference(first, second, z=1.96):
    from scipy.stats import sem

    change = np.subtract(second, first)
    both = np.hypot(sem(first), sem(second))
    return float(change.mean()), float(z * sem(change)), float(z * both)


# %% pandas
# Columns of a table, whose deviations divide by n - 1 by themselves.
def paired_difference(first, second, z=1.96):
    import pandas as pd

    table = pd.DataFrame({"first": first, "second": second}).astype(float)
    change = table["second"].sub(table["first"])
    half = z / len(table) ** 0.5
    return change.mean(), half * change.std(), half * table.var().sum() ** 0.5
