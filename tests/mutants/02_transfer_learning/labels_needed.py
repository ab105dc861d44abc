# %% straight over labels | says: take their logarithms | falls: visible
# A straight line over the number of labels.
def labels_needed(counts, accuracies, target):
    for i, a in enumerate(accuracies):
        if a >= target:
            if not i:
                return float(counts[0])
            part = (target - accuracies[i - 1]) / (a - accuracies[i - 1])
            return float(counts[i - 1] + part * (counts[i] - counts[i - 1]))
    return None


# %% next measured point | says: this is the next measured point | falls: visible
# Nothing is read between the points.
def labels_needed(counts, accuracies, target):
    for n, a in zip(counts, accuracies, strict=True):
        if a >= target:
            return float(n)
    return None


# %% beyond the last point | says: Nothing was measured beyond the last point | falls: visible
# The last count stands for never.
def labels_needed(counts, accuracies, target):
    for i, a in enumerate(accuracies):
        if a >= target:
            if not i:
                return float(counts[0])
            part = (target - accuracies[i - 1]) / (a - accuracies[i - 1])
            return float(counts[i - 1] * (counts[i] / counts[i - 1]) ** part)
    return float(counts[-1])


# %% np.interp on a curve that falls | says: the first one counts | falls: hidden
# The whole curve is turned round at once.
def labels_needed(counts, accuracies, target):
    if max(accuracies) < target:
        return None
    if accuracies[0] >= target:
        return float(counts[0])
    return float(np.exp(np.interp(target, accuracies, np.log(counts))))


# %% last crossing | says: the first one counts | falls: hidden
# Goes from the right and stops at the first rise through the target.
def labels_needed(counts, accuracies, target):
    for i in range(len(counts) - 1, 0, -1):
        before, after = accuracies[i - 1], accuracies[i]
        if before < target <= after:
            part = (target - before) / (after - before)
            return float(counts[i - 1] * (counts[i] / counts[i - 1]) ** part)
    return float(counts[0]) if accuracies[0] >= target else None


# %% above only | says: at or above | falls: hidden
# A point exactly at the target doesn't count.
def labels_needed(counts, accuracies, target):
    for i, a in enumerate(accuracies):
        if a > target:
            if not i:
                return float(counts[0])
            part = (target - accuracies[i - 1]) / (a - accuracies[i - 1])
            return float(counts[i - 1] * (counts[i] / counts[i - 1]) ** part)
    return None
