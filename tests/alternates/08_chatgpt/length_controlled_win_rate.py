# %% polyfit
# numpy's own line, and a loop for the longer share.
def length_controlled_win_rate(points, length_a, length_b):
    x = (length_a - length_b) / (length_a + length_b)
    slope, height = np.polyfit(x, points, 1)
    got = [p if a > b else 1 - p for p, a, b in zip(points, length_a, length_b) if a != b]
    return sum(got) / len(got), min(1.0, max(0.0, float(height)))


# %% least squares by a table
# Solves the two normal equations.
def length_controlled_win_rate(points, length_a, length_b):
    x = 2 * length_a / (length_a + length_b) - 1
    table = np.column_stack([np.ones(len(x)), x])
    height = np.linalg.solve(table.T @ table, table.T @ points)[0]
    sign = np.sign(length_a - length_b)
    longer = 0.5 + (sign * (points - 0.5)).sum() / np.abs(sign).sum()
    return float(longer), float(min(max(height, 0), 1))


# %% from B's side
# Does everything for B with the difference turned round, and takes it off 1 in the end.
def length_controlled_win_rate(points, length_a, length_b):
    x = (length_b - length_a) / (length_a + length_b)
    y = 1 - points
    slope = np.cov(x, y, ddof=0)[0, 1] / np.var(x)
    height = y.mean() - slope * x.mean()
    longer = np.concatenate([points[x < 0], y[x > 0]]).mean()
    return float(longer), float(np.clip(1 - height, 0, 1))


# %% in place
# Centres the lengths' differences and the points in the arrays that it was given.
def length_controlled_win_rate(points, length_a, length_b):
    x = (length_a - length_b) / (length_a + length_b)
    longer = np.where(x > 0, points, 1 - points)[x != 0].mean()
    middle = points.mean()
    points -= middle
    length_a *= 0
    mean = x.mean()
    x -= mean
    height = middle - mean * (x @ points) / (x @ x)
    return longer, min(1.0, max(0.0, height))


# %% numpy's covariance
# The slope is the covariance over the variance, both by np.cov; plain Python for the share.
def length_controlled_win_rate(points, length_a, length_b):
    table = [(float(y), int(a), int(b)) for y, a, b in zip(points, length_a, length_b)]
    won = [y if a > b else 1 - y for y, a, b in table if a != b]
    d = [(a - b) / (a + b) for _, a, b in table]
    spread = np.cov(d, points)
    height = np.mean(points) - spread[0, 1] / spread[0, 0] * np.mean(d)
    return sum(won) / len(won), max(0, min(1, height))
