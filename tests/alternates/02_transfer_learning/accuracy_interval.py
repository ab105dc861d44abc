# %% quadratic equation
# The ends are the roots of (share - p)² = z² p (1 - p) / n.
def accuracy_interval(predicted, labels, z=1.96):
    n, hits = len(labels), sum(int(p == t) for p, t in zip(predicted, labels, strict=True))
    a, b, c = 1 + z * z / n, 2 * hits / n + z * z / n, (hits / n) ** 2
    root = max(0.0, b * b - 4 * a * c) ** 0.5
    frequent = max(labels.tolist().count(k) for k in set(labels.tolist()))
    low = (b - root) / (2 * a)
    return hits / n, low, (b + root) / (2 * a), low > frequent / n
