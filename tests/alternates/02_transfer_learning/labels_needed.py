# %% cut and interpolate
# np.interp on the two points around the first crossing, in logarithms to base 2.
def labels_needed(counts, accuracies, target):
    reached = np.flatnonzero(np.array(accuracies) >= target)
    if len(reached) == 0:
        return None
    i = int(reached[0])
    if i == 0:
        return float(counts[0])
    return float(2 ** np.interp(target, accuracies[i - 1 : i + 1], np.log2(counts[i - 1 : i + 1])))


# %% geometric mean
# A weighted geometric mean of the two counts.
def labels_needed(counts, accuracies, target):
    last = None
    for n, a in zip(counts, accuracies, strict=True):
        if a >= target:
            if last is None:
                return float(n)
            m, b = last
            return float((m ** (a - target) * n ** (target - b)) ** (1 / (a - b)))
        last = n, a
    return None
