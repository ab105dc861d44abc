# %% bincount
# Counts and sums of all bins at once.
def calibration(confidence, right, bins):
    number = np.clip(np.floor(confidence * bins).astype(int), 0, bins - 1)
    many, sure, hits = (
        np.bincount(number, weights=x, minlength=bins)
        for x in (np.ones(len(right)), confidence, right)
    )
    full = np.flatnonzero(many)
    rows = [(int(k), int(many[k]), sure[k] / many[k], hits[k] / many[k]) for k in full]
    return rows, float(abs(hits - sure).sum() / len(right))


# %% edges
# Looks up the bin of each guess among the inner edges, and writes into its argument.
def calibration(confidence, right, bins):
    inner = [k / bins for k in range(1, bins)]
    number = np.digitize(confidence, inner)
    order = np.argsort(number, kind="stable")
    confidence[:], number = confidence[order], number[order]
    right = np.asarray(right, dtype=float)[order]
    kinds, starts = np.unique(number, return_index=True)
    rows, error = [], 0.0
    for k, c, r in zip(kinds, np.split(confidence, starts[1:]), np.split(right, starts[1:])):
        rows.append((k, len(c), c.mean(), r.mean()))
        error += abs(r.sum() - c.sum()) / len(right)
    return rows, error


# %% one guess after the other
# Plain Python with a dictionary of lists, sorted at the end.
def calibration(confidence, right, bins):
    found = {}
    for c, r in zip(confidence.tolist(), right.tolist(), strict=True):
        found.setdefault(bins - 1 if c == 1 else int(c * bins), []).append((c, r))
    rows, error = [], 0.0
    for k in sorted(found):
        n = len(found[k])
        c, r = (sum(column) / n for column in zip(*found[k], strict=True))
        rows.append((k, n, c, r))
        error += n / len(confidence) * abs(r - c)
    return rows, error


# %% pandas
# A table grouped by the number of the bin, with numpy's own numbers in the rows.
def calibration(confidence, right, bins):
    import pandas as pd

    table = pd.DataFrame({"sure": confidence, "right": right.astype(float)})
    table["bin"] = np.floor(table["sure"] * bins).clip(upper=bins - 1).astype(int)
    found = table.groupby("bin").agg(n=("sure", "size"), sure=("sure", "mean"), share=("right", "mean"))
    error = ((found["share"] - found["sure"]).abs() * found["n"]).sum() / len(table)
    return list(found.reset_index().itertuples(index=False, name=None)), error
