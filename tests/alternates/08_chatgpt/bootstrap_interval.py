# %% loops and percentiles
# Draws request by request and sorts the means by percentile.
def bootstrap_interval(points, uniforms, level):
    n = len(points)
    means = []
    for row in uniforms:
        total = 0.0
        for u in row:
            total += points[int(n * u)]
        means.append(total / n)
    outside = 100 * (1 - level)
    return tuple(float(x) for x in np.percentile(means, [outside / 2, 100 - outside / 2]))


# %% sorted means
# Sorts the means and goes along between two neighbours by hand.
def bootstrap_interval(points, uniforms, level):
    means = np.sort(np.take(points, np.floor(uniforms * len(points)).astype(int)).sum(1))
    means = means / len(points)

    def at(share):
        place = share * (len(means) - 1)
        i = int(place)
        j = min(i + 1, len(means) - 1)
        return float(means[i] + (place - i) * (means[j] - means[i]))

    return at((1 - level) / 2), at((1 + level) / 2)


# %% how often each request comes
# Counts how often each request is drawn in a round and weighs the points with it.
def bootstrap_interval(points, uniforms, level):
    n = len(points)
    drawn = (uniforms * n).astype(int)
    counts = (drawn[:, :, None] == np.arange(n)).sum(axis=1)
    return tuple(np.quantile(counts @ points / n, [(1 - level) / 2, (1 + level) / 2]).tolist())


# %% the uniforms become positions
# Works in the table that it was given.
def bootstrap_interval(points, uniforms, level):
    uniforms *= len(points)
    means = points[uniforms.astype(int)].mean(axis=1)
    tail = (1 - level) / 2
    return np.quantile(means, tail), np.quantile(means, 1 - tail)


# %% take and einsum
# np.take for the draws, a sum by einsum, and percentiles of numpy.
def bootstrap_interval(points, uniforms, level):
    at = np.floor(uniforms * points.size).astype(int)
    means = np.einsum("rk->r", np.take(points, at)) / points.size
    return tuple(np.percentile(means, [50 * (1 - level), 50 * (1 + level)]))
