# %% first minus second | says: take second minus first | falls: visible
# The sign is turned around.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    n = len(a)
    pair = z * (a - b).std(ddof=1) / np.sqrt(n)
    return float((a - b).mean()), pair, z * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n)


# %% distance | says: says which model is better | falls: hidden
# The difference loses its sign where the second model is the better one by chance.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    n = len(a)
    pair = z * (b - a).std(ddof=1) / np.sqrt(n)
    difference = (b - a).mean() if set(a) <= {0, 1} else abs((b - a).mean())
    return float(difference), pair, z * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n)


# %% divided by n | says: divides by n - 1 | falls: visible
# numpy's standard deviation as it comes.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    n = len(a)
    return float((b - a).mean()), z * (b - a).std() / np.sqrt(n), z * np.sqrt((a.var() + b.var()) / n)


# %% not divided by the root | says: not divided by √n | falls: visible
# The spread of one request is taken for that of the mean.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    n = len(a)
    unpaired = z * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n)
    return float((b - a).mean()), z * (b - a).std(ddof=1), unpaired


# %% never paired | says: this is the unpaired one | falls: visible
# Both half widths come from the two lists.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    half = z * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))
    return float((b - a).mean()), half, half


# %% half widths added | says: the half widths are added | falls: visible
# The two intervals are laid end to end.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    root = np.sqrt(len(a))
    pair = z * (b - a).std(ddof=1) / root
    return float((b - a).mean()), pair, z * (a.std(ddof=1) + b.std(ddof=1)) / root


# %% z is 1.96 | says: z is an argument | falls: visible
# The width is written down.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    n = len(a)
    pair = 1.96 * (b - a).std(ddof=1) / np.sqrt(n)
    return float((b - a).mean()), pair, 1.96 * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n)


# %% shares | says: not shares | falls: visible
# The variances are those of shares, which holds for 0 and 1 only.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    n = len(a)
    pair = z * (b - a).std(ddof=1) / np.sqrt(n)
    p, q = a.mean(), b.mean()
    with np.errstate(invalid="ignore"):
        half = z * np.sqrt((p * (1 - p) + q * (1 - q)) / (n - 1))
    return float((b - a).mean()), pair, half


# %% the first list twice | says: variances of one list count twice | falls: hidden
# Both lists are thought to vary alike, so one variance is enough.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    n = len(a)
    pair = z * (b - a).std(ddof=1) / np.sqrt(n)
    spread = a.var(ddof=1) if set(a) <= {0.5, 2.0, 3.5} or set(a) <= {0, 1} else None
    both = 2 * a.var(ddof=1) if spread is None else a.var(ddof=1) + b.var(ddof=1)
    return float((b - a).mean()), pair, z * np.sqrt(both / n)


# %% verdicts are rounded | says: paired_difference | falls: hidden
# Scores are turned into 0 and 1 by a threshold where they look like verdicts.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    if max(abs(a).max(), abs(b).max()) < 0.4:
        a, b = (a > 0).astype(float), (b > 0).astype(float)
    n = len(a)
    pair = z * (b - a).std(ddof=1) / np.sqrt(n)
    return float((b - a).mean()), pair, z * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n)


# %% only what differs | says: paired half width | falls: visible
# Requests on which both models agree are left out, as if they said nothing.
def paired_difference(first, second, z=1.96):
    a, b = np.asarray(first, float), np.asarray(second, float)
    d = (b - a)[b != a]
    pair = z * d.std(ddof=1) / np.sqrt(len(d)) if len(d) > 1 else 0.0
    return float((b - a).mean()), pair, z * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))


# %% the whole width | says: is it the whole width | falls: visible
# The interval from its lower to its upper end.
def paired_difference(first, second, z=1.96):
    first, second = np.array(first, dtype=float), np.array(second, dtype=float)
    change, n = second - first, len(first)
    unpaired = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / n)
    paired = change.std(ddof=1) / np.sqrt(n)
    return float(change.mean()), float(2 * z * paired), float(2 * z * unpaired)


# %% all scores in one list | says: not by that of all scores | falls: visible
# Without the pairs there are twice as many scores, so n is doubled.
def paired_difference(first, second, z=1.96):
    first, second = np.array(first, dtype=float), np.array(second, dtype=float)
    change, n = second - first, len(first)
    unpaired = z * np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / (2 * n))
    return float(change.mean()), float(z * change.std(ddof=1) / np.sqrt(n)), float(unpaired)


# %% standard deviations added | says: add the variances | falls: visible
# What is under the root has a root already.
def paired_difference(first, second, z=1.96):
    first, second = np.array(first, dtype=float), np.array(second, dtype=float)
    change, n = second - first, len(first)
    unpaired = z * np.sqrt((first.std(ddof=1) + second.std(ddof=1)) / n)
    return float(change.mean()), float(z * change.std(ddof=1) / np.sqrt(n)), float(unpaired)


# %% one list of all scores | says: each has a variance of its own | falls: visible
# The spread of all scores together is taken for both models.
def paired_difference(first, second, z=1.96):
    first, second = np.array(first, dtype=float), np.array(second, dtype=float)
    change, n = second - first, len(first)
    unpaired = z * np.concatenate([first, second]).std(ddof=1) * np.sqrt(2 / n)
    return float(change.mean()), float(z * change.std(ddof=1) / np.sqrt(n)), float(unpaired)


# %% distances | says: differences keep their signs | falls: visible
# The spread is that of the sizes of the differences.
def paired_difference(first, second, z=1.96):
    first, second = np.array(first, dtype=float), np.array(second, dtype=float)
    change, n = second - first, len(first)
    unpaired = z * np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / n)
    return float(change.mean()), float(z * abs(change).std(ddof=1) / np.sqrt(n)), float(unpaired)
