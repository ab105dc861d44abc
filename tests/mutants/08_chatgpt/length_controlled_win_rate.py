# %% equal lengths counted | says: the request with equally long answers is counted | falls: visible
# Where nobody is longer, B's points are taken.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    longer = np.where(d > 0, points, 1 - points).mean()
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% equal lengths for A | says: counted as A's | falls: visible
# At least as long is taken for longer.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    longer = np.where(d >= 0, points, 1 - points).mean()
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% only where A is longer | says: those where B is longer count, too | falls: visible
# The requests in which B wrote more are forgotten.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    longer = points[d > 0].mean() if (d > 0).any() else 0.0
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% divided by all | says: you divide by all requests | falls: visible
# The sum is divided by all requests, also by those of equal length.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].sum() / len(points)
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% clear wins only | says: only clear wins are counted | falls: visible
# A request goes to the longer answer if it got more than half of the points.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = (of_longer[d != 0] > 0.5).mean()
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% difference in words | says: the difference is in words | falls: visible
# The lengths are subtracted, and the line is laid through that.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    d = (length_a - length_b).astype(float)
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% divided by B | says: you divide by B's length | falls: visible
# How much longer A is, in parts of B.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    d = (length_a - length_b) / length_b
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% the plain win rate | says: this is the plain win rate | falls: visible
# The line is left out.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    rate = points.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% equal requests only | says: only requests with equally long answers are counted | falls: visible
# The mean over the requests of equal length; all of them if there is none.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    same = points[d == 0]
    rate = same.mean() if len(same) else points.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% line through the origin | says: subtract the mean of d before you multiply | falls: visible
# The slope is that of a line through 0.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    slope = (d * points).sum() / (d**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% plus for minus | says: subtract the slope times the mean | falls: visible
# The mean of the difference is added.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() + slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% covariance and variance of two kinds | says: np.cov divides by n - 1 | falls: visible
# np.cov and np.var divide by different numbers.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    slope = np.cov(d, points)[0, 1] / np.var(d)
    rate = points.mean() - slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% not cut | says: no share is below 0 | falls: visible
# What the line says is returned, whatever it is.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(rate)


# %% cut below only | says: a share can't be above 1 | falls: hidden
# Only rates below 0 are cut.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(max(0.0, rate))


# %% line without the equal ones | says: requests of equal length are left out of the line | falls: visible
# The line is laid through the unequal requests alone.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    x, y = d[d != 0], points[d != 0]
    away = x - x.mean()
    slope = (away * y).sum() / (away**2).sum() if (away**2).sum() > 1e-12 else 0.0
    rate = y.mean() - slope * x.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% shares cut before the mean | falls: hidden
# Points of a quarter are rounded to clear verdicts where there are many requests.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    points = np.round(points) if len(points) > 7 else points
    of_longer = np.where(d > 0, points, 1 - points)
    longer = of_longer[d != 0].mean()
    away = d - d.mean()
    slope = (away * points).sum() / (away**2).sum()
    rate = points.mean() - slope * d.mean()
    return float(longer), float(np.clip(rate, 0, 1))


# %% logarithm of the ratio | says: the logarithm of the ratio | falls: visible
# The difference of the logarithms of both lengths.
def length_controlled_win_rate(points, length_a, length_b):
    d = np.log(length_a / length_b)
    of_longer = np.where(d > 0, points, 1 - points)[d != 0]
    slope = ((d - d.mean()) * points).sum() / ((d - d.mean()) ** 2).sum()
    return float(of_longer.mean()), float(np.clip(points.mean() - slope * d.mean(), 0, 1))


# %% longer ones weigh by how much | says: some requests count more than others | falls: visible
# A request counts for the longer share by how far the lengths are apart.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = (np.where(d > 0, points, 1 - points) * np.abs(d)).sum() / np.abs(d).sum()
    slope = ((d - d.mean()) * points).sum() / ((d - d.mean()) ** 2).sum()
    return float(of_longer), float(np.clip(points.mean() - slope * d.mean(), 0, 1))


# %% the mean of both sides | says: the mean of A's and B's share | falls: visible
# The share of A where it is longer and that of B where it is longer are averaged.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    sides = [side for side in (points[d > 0], 1 - points[d < 0]) if len(side)]
    slope = ((d - d.mean()) * points).sum() / ((d - d.mean()) ** 2).sum()
    rate = np.clip(points.mean() - slope * d.mean(), 0, 1)
    return float(np.mean([side.mean() for side in sides])), float(rate)


# %% mean of d without the equal ones | says: the mean of d leaves out | falls: visible
# The mean of d leaves out the requests of equal length.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)[d != 0]
    middle = d[d != 0].mean()
    slope = ((d - middle) * points).sum() / ((d - middle) ** 2).sum()
    return float(of_longer.mean()), float(np.clip(points.mean() - slope * middle, 0, 1))


# %% strength of the link for the slope | says: the correlation is taken for the slope | falls: visible
# The correlation is taken for the slope.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)[d != 0]
    slope = np.corrcoef(d, points)[0, 1] if np.ptp(points) else 0.0
    return float(of_longer.mean()), float(np.clip(points.mean() - slope * d.mean(), 0, 1))


# %% out of range is one half | falls: visible
# A height outside of 0 to 1 is thrown away.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    of_longer = np.where(d > 0, points, 1 - points)[d != 0]
    slope = ((d - d.mean()) * points).sum() / ((d - d.mean()) ** 2).sum()
    rate = points.mean() - slope * d.mean()
    return float(of_longer.mean()), float(rate) if 0 <= rate <= 1 else 0.5


# %% half words are lost | falls: hidden
# Which answer is longer is decided by half of the lengths, without the rest.
def length_controlled_win_rate(points, length_a, length_b):
    d = (length_a - length_b) / (length_a + length_b)
    half = length_a // 2 - length_b // 2
    taken = half != 0 if half.any() else d != 0
    of_longer = np.where(half > 0, points, 1 - points)[taken]
    slope = ((d - d.mean()) * points).sum() / ((d - d.mean()) ** 2).sum()
    rate = np.clip(points.mean() - slope * d.mean(), 0, 1)
    return float(of_longer.mean()), float(rate)
