# %% quadratic equation
# The ends are the roots of (share - p)² = z² p (1 - p) / n.
def accuracy_interval(predicted, labels, z=1.96):
    n, hits = len(labels), sum(int(p == t) for p, t in zip(predicted, labels, strict=True))
    a, b, c = 1 + z * z / n, 2 * hits / n + z * z / n, (hits / n) ** 2
    root = max(0.0, b * b - 4 * a * c) ** 0.5
    frequent = max(labels.tolist().count(k) for k in set(labels.tolist()))
    low = (b - root) / (2 * a)
    return hits / n, low, (b + root) / (2 * a), low > frequent / n


# %% counter
# Counts with Python's own tools, and takes the interval from its centre.
def accuracy_interval(predicted, labels, z=1.96):
    from collections import Counter
    from math import sqrt

    pairs = list(zip(predicted.tolist(), labels.tolist(), strict=True))
    n = len(pairs)
    p = sum(a == b for a, b in pairs) / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    most = Counter(labels.tolist()).most_common(1)[0][1] / n
    return p, centre - half, centre + half, centre - half > most


# %% weights of the prior
# The centre is a mean of the accuracy and one half, weighted by n and z².
def accuracy_interval(predicted, labels, z=1.96):
    n, hits = labels.size, np.count_nonzero(predicted == labels)
    centre = (hits + z * z / 2) / (n + z * z)
    spread = np.sqrt(hits * (n - hits) / n + z * z / 4) * z / (n + z * z)
    values, counts = np.unique(labels, return_counts=True)
    better = np.all(centre - spread > counts / n)
    return float(hits / n), float(centre - spread), float(centre + spread), bool(better)
