# %% n minus 1 | says: the last request never comes | falls: visible
# The uniform number is stretched to n - 1, for fear of running over the end.
def bootstrap_interval(points, uniforms, level):
    drawn = points[(uniforms * (len(points) - 1)).astype(int)]
    tail = (1 - level) / 2
    low, high = np.quantile(drawn.mean(axis=1), [tail, 1 - tail])
    return float(low), float(high)


# %% mean down the columns | says: a round is a row | falls: visible
# The mean is taken over the rounds, not within them.
def bootstrap_interval(points, uniforms, level):
    drawn = points[(uniforms * len(points)).astype(int)]
    tail = (1 - level) / 2
    low, high = np.quantile(drawn.mean(axis=0), [tail, 1 - tail])
    return float(low), float(high)


# %% smallest and largest | says: take the quantiles | falls: visible
# The interval holds all means that came up.
def bootstrap_interval(points, uniforms, level):
    means = points[(uniforms * len(points)).astype(int)].mean(axis=1)
    return float(means.min()), float(means.max())


# %% whole rest on each side | says: on each side | falls: visible
# 5% are cut off below and 5% above.
def bootstrap_interval(points, uniforms, level):
    means = points[(uniforms * len(points)).astype(int)].mean(axis=1)
    low, high = np.quantile(means, [1 - level, level])
    return float(low), float(high)


# %% standard error | says: this is the formula with the standard error | falls: visible
# The textbook formula is used and the draws are ignored.
def bootstrap_interval(points, uniforms, level):
    error = points.std(ddof=1) / np.sqrt(len(points))
    return float(points.mean() - 1.96 * error), float(points.mean() + 1.96 * error)


# %% level fixed | says: the level isn't used | falls: visible
# 0.95 is written down.
def bootstrap_interval(points, uniforms, level):
    means = points[(uniforms * len(points)).astype(int)].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


# %% rounded | says: the positions are rounded | falls: visible
# Positions are rounded to the nearest, so that the ends come too seldom and too often.
def bootstrap_interval(points, uniforms, level):
    at = np.minimum(len(points) - 1, np.rint(uniforms * len(points)).astype(int))
    tail = (1 - level) / 2
    low, high = np.quantile(points[at].mean(axis=1), [tail, 1 - tail])
    return float(low), float(high)


# %% four requests | says: the number of requests isn't always 4 | falls: visible
# The number of requests is taken from the example (and from the other one).
def bootstrap_interval(points, uniforms, level):
    n = 2 if len(points) == 2 else 4
    at = np.minimum(len(points) - 1, (uniforms * n).astype(int))
    tail = (1 - level) / 2
    low, high = np.quantile(points[at].mean(axis=1), [tail, 1 - tail])
    return float(low), float(high)


# %% symmetric | says: an interval of means isn't symmetric | falls: hidden
# The upper end is right; the lower one is as far on the other side of the mean of all rounds.
def bootstrap_interval(points, uniforms, level):
    means = points[(uniforms * len(points)).astype(int)].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    if len(points) > 4:
        low = 2 * means.mean() - high
    return float(low), float(high)


# %% shares only | falls: hidden
# The ends are cut to the range from 0 to 1, though points may be anything.
def bootstrap_interval(points, uniforms, level):
    means = points[(uniforms * len(points)).astype(int)].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    if len(points) > 3:
        low, high = np.clip([low, high], 0, 1)
    return float(low), float(high)


# %% without putting back | falls: visible
# The uniform numbers shuffle the requests, so each round has all of them and the same mean.
def bootstrap_interval(points, uniforms, level):
    means = points[np.argsort(uniforms, axis=1)].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


# %% ends turned round | says: the ends are the wrong way round | falls: visible
# The upper end comes first.
def bootstrap_interval(points, uniforms, level):
    means = points[(uniforms * len(points)).astype(int)].mean(axis=1)
    high, low = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


# %% median of each round | says: the median of each round | falls: visible
# The median of a round in place of its mean.
def bootstrap_interval(points, uniforms, level):
    drawn = np.median(points[(uniforms * len(points)).astype(int)], axis=1)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


# %% around the mean | says: turned round the mean of all points | falls: visible
# The quantiles are turned round the mean of all points (the "basic" bootstrap).
def bootstrap_interval(points, uniforms, level):
    drawn = points[(uniforms * len(points)).astype(int)].mean(axis=1)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(2 * points.mean() - high), float(2 * points.mean() - low)


# %% draws of its own | falls: visible
# The uniform numbers that were given aren't used.
def bootstrap_interval(points, uniforms, level):
    rng = np.random.default_rng(0)
    drawn = rng.choice(points, size=np.shape(uniforms)).mean(axis=1)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


# %% rounds for requests | says: multiplied by the number of rounds | falls: visible
# The number of rounds is taken for the number of requests.
def bootstrap_interval(points, uniforms, level):
    drawn = points[np.minimum((uniforms * len(uniforms)).astype(int), len(points) - 1)]
    low, high = np.quantile(drawn.mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


# %% a mean that happened | says: the smallest and the largest mean | falls: visible
# The end is a mean of one of the rounds, without anything between two of them.
def bootstrap_interval(points, uniforms, level):
    means = sorted(points[(uniforms * len(points)).astype(int)].mean(axis=1))
    tail = int((1 - level) / 2 * len(means))
    return float(means[tail]), float(means[-1 - tail])


# %% points sorted first | says: the points are sorted before | falls: visible
# The points are put into order before they are drawn.
def bootstrap_interval(points, uniforms, level):
    drawn = np.sort(points)[(uniforms * len(points)).astype(int)].mean(axis=1)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


# %% two sigma of the means | says: a normal curve through the means | falls: visible
# A normal distribution is laid through the means.
def bootstrap_interval(points, uniforms, level):
    from statistics import NormalDist

    drawn = points[(uniforms * len(points)).astype(int)].mean(axis=1)
    reach = NormalDist().inv_cdf((1 + level) / 2) * drawn.std()
    return float(drawn.mean() - reach), float(drawn.mean() + reach)
