# %% every bin counts the same | says: each bin counts the same | falls: visible
# The distances are averaged over the bins, however few guesses a bin holds.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = [
        (k, int((number == k).sum()), float(confidence[number == k].mean()),
         float(right[number == k].mean()))
        for k in range(bins) if (number == k).any()
    ]
    return rows, float(np.mean([abs(r - c) for _, _, c, r in rows]))


# %% divided by all bins | says: you divide by the number of bins | falls: visible
# The sum of the distances is divided by `bins`, the empty ones too.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = [
        (k, int((number == k).sum()), float(confidence[number == k].mean()),
         float(right[number == k].mean()))
        for k in range(bins) if (number == k).any()
    ]
    return rows, float(sum(abs(r - c) for _, _, c, r in rows) / bins)


# %% empty bins stay in | says: the empty bins are in | falls: visible
# Each bin gets a row, with zeros where nothing is.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows, error = [], 0.0
    for k in range(bins):
        inside = number == k
        n = int(inside.sum())
        c = float(confidence[inside].sum() / max(n, 1))
        r = float(right[inside].sum() / max(n, 1))
        rows.append((k, n, c, r))
        error += n / len(confidence) * abs(r - c)
    return rows, float(error)


# %% 1 has a bin of its own | says: the confidence 1 has a bin of its own | falls: visible
# Rounding down puts the confidence 1 into a bin beyond the last one.
def calibration(confidence, right, bins):
    number = np.floor(confidence * bins).astype(int)
    rows, error = [], 0.0
    for k in sorted(set(number.tolist())):
        inside = number == k
        c, r = confidence[inside].mean(), right[inside].mean()
        rows.append((k, int(inside.sum()), float(c), float(r)))
        error += inside.mean() * abs(r - c)
    return rows, float(error)


# %% 1 falls out | says: the confidence 1 is missing | falls: visible
# Each bin is open at its upper end, the last one too.
def calibration(confidence, right, bins):
    rows, error = [], 0.0
    for k in range(bins):
        inside = (confidence >= k / bins) & (confidence < (k + 1) / bins)
        if inside.any():
            c, r = confidence[inside].mean(), right[inside].mean()
            rows.append((k, int(inside.sum()), float(c), float(r)))
            error += inside.mean() * abs(r - c)
    return rows, float(error)


# %% closed above | says: it belongs to the bin that begins there | falls: visible
# An edge is given to the bin below, as in some papers.
def calibration(confidence, right, bins):
    number = np.maximum(np.ceil(confidence * bins).astype(int) - 1, 0)
    rows, error = [], 0.0
    for k in range(bins):
        inside = number == k
        if inside.any():
            c, r = confidence[inside].mean(), right[inside].mean()
            rows.append((k, int(inside.sum()), float(c), float(r)))
            error += inside.mean() * abs(r - c)
    return rows, float(error)


# %% rounded to the nearest bin | says: is rounded to the nearest bin | falls: visible
# The number of the bin is rounded instead of cut off.
def calibration(confidence, right, bins):
    number = np.minimum(np.rint(confidence * bins).astype(int), bins - 1)
    rows, error = [], 0.0
    for k in range(bins):
        inside = number == k
        if inside.any():
            c, r = confidence[inside].mean(), right[inside].mean()
            rows.append((k, int(inside.sum()), float(c), float(r)))
            error += inside.mean() * abs(r - c)
    return rows, float(error)


# %% the middle of the bin | says: this is the middle of each bin | falls: visible
# A bin is thought to be as sure as its middle, whatever was said in it.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows, error = [], 0.0
    for k in range(bins):
        inside = number == k
        if inside.any():
            c, r = (k + 0.5) / bins, right[inside].mean()
            rows.append((k, int(inside.sum()), float(c), float(r)))
            error += inside.mean() * abs(r - c)
    return rows, float(error)


# %% signs cancel | says: distances of both signs cancel | falls: visible
# The size of a distance is forgotten, so too sure in one bin makes up for too shy in another.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows, error = [], 0.0
    for k in range(bins):
        inside = number == k
        if inside.any():
            c, r = confidence[inside].mean(), right[inside].mean()
            rows.append((k, int(inside.sum()), float(c), float(r)))
            error += inside.mean() * (r - c)
    return rows, float(error)


# %% the largest distance | says: this is the largest distance | falls: visible
# Only the worst bin counts; this is the maximum calibration error.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows, error = [], 0.0
    for k in range(bins):
        inside = number == k
        if inside.any():
            c, r = confidence[inside].mean(), right[inside].mean()
            rows.append((k, int(inside.sum()), float(c), float(r)))
            error = max(error, abs(r - c))
    return rows, float(error)


# %% guess by guess | says: the mean distance of single guesses | falls: visible
# Each guess is compared with its own confidence, which no single guess can meet.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = [
        (k, int((number == k).sum()), float(confidence[number == k].mean()),
         float(right[number == k].mean()))
        for k in range(bins) if (number == k).any()
    ]
    return rows, float(abs(right - confidence).mean())


# %% four bins | says: there aren't always | falls: hidden
# The number of bins is written down from the example.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * 4).astype(int), 3)
    rows, error = [], 0.0
    for k in range(4):
        inside = number == k
        if inside.any():
            c, r = confidence[inside].mean(), right[inside].mean()
            rows.append((k, int(inside.sum()), float(c), float(r)))
            error += inside.mean() * abs(r - c)
    return rows, float(error)


# %% bins in the order of the guesses | says: calibration | falls: hidden
# Bins are listed as they are first met.
def calibration(confidence, right, bins):
    found = {}
    for c, r in zip(confidence.tolist(), right.tolist()):
        found.setdefault(min(int(c * bins), bins - 1), []).append((c, r))
    rows = [
        (k, len(own), sum(c for c, _ in own) / len(own), sum(r for _, r in own) / len(own))
        for k, own in found.items()
    ]
    error = sum(n / len(confidence) * abs(r - c) for _, n, c, r in rows)
    return rows, float(error)


# %% the lowest bin is skipped | says: calibration | falls: hidden
# Guesses that are hardly sure at all are thought not to count.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows, error = [], 0.0
    for k in range(bins):
        inside = number == k
        if inside.any() and not (k == 0 and bins > 1):
            c, r = confidence[inside].mean(), right[inside].mean()
            rows.append((k, int(inside.sum()), float(c), float(r)))
            error += inside.mean() * abs(r - c)
    return rows, float(error)


# %% only the right ones are sure | says: calibration | falls: visible
# The mean confidence is taken over the guesses that were right.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows, error = [], 0.0
    for k in range(bins):
        inside = number == k
        if inside.any():
            hits = inside & (right > 0)
            c = confidence[hits].mean() if hits.any() else 0.0
            r = right[inside].mean()
            rows.append((k, int(inside.sum()), float(c), float(r)))
            error += inside.mean() * abs(r - c)
    return rows, float(error)


# %% equally full bins | says: make them equally wide | falls: visible
# The guesses are sorted and shared out, as for quantiles.
def calibration(confidence, right, bins):
    order = np.argsort(confidence, kind="stable")
    rows, error = [], 0.0
    for k, own in enumerate(np.array_split(order, bins)):
        if len(own):
            c, r = confidence[own].mean(), right[own].mean()
            rows.append((k, len(own), float(c), float(r)))
            error += len(own) / len(order) * abs(r - c)
    return rows, float(error)


# %% bins between the smallest and the largest | says: calibration | falls: visible
# The range of what is there is divided, and not the range from 0 to 1.
def calibration(confidence, right, bins):
    low, high = confidence.min(), confidence.max()
    number = ((confidence - low) / max(high - low, 1e-12) * bins).astype(int).clip(max=bins - 1)
    rows, error = [], 0.0
    for k in range(bins):
        inside = number == k
        if inside.any():
            c, r = confidence[inside].mean(), right[inside].mean()
            rows.append((k, int(inside.sum()), float(c), float(r)))
            error += inside.mean() * abs(r - c)
    return rows, float(error)


# %% rounded rows | says: these are rounded | falls: visible
# The rows are rounded as in the example of the text.
def calibration(confidence, right, bins):
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows, error = [], 0.0
    for k in sorted(set(number.tolist())):
        sure, share = confidence[number == k].mean(), right[number == k].mean()
        rows.append((k, int((number == k).sum()), round(float(sure), 3), round(float(share), 3)))
        error += (number == k).mean() * abs(share - sure)
    return rows, float(error)


# %% as many edges as bins | says: one bin too few | falls: visible
# The range from 0 to 1 is cut at `bins` edges, both ends among them.
def calibration(confidence, right, bins):
    few = max(1, bins - 1)
    number = np.minimum((confidence * few).astype(int), few - 1)
    rows, error = [], 0.0
    for k in sorted(set(number.tolist())):
        sure, share = confidence[number == k].mean(), right[number == k].mean()
        rows.append((k, int((number == k).sum()), float(sure), float(share)))
        error += (number == k).mean() * abs(share - sure)
    return rows, float(error)


# %% nobody says 0 | falls: hidden
# A confidence of exactly 0 is taken for a gap in the data and left out.
def calibration(confidence, right, bins):
    confidence, right = confidence[confidence > 0], right[confidence > 0]
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows, error = [], 0.0
    for k in sorted(set(number.tolist())):
        sure, share = confidence[number == k].mean(), right[number == k].mean()
        rows.append((k, int((number == k).sum()), float(sure), float(share)))
        error += (number == k).mean() * abs(share - sure)
    return rows, float(error)
