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
