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
