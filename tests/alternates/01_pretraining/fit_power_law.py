# %% covariance
# Slope as covariance over variance, in logarithms to base 10.
def fit_power_law(sizes, losses, irreducible):
    x, y = np.log10(sizes), np.log10(losses - irreducible)
    slope = np.cov(x, y)[0, 1] / np.var(x, ddof=1)
    return -slope, 10 ** (y.mean() - slope * x.mean())


# %% normal equations
# Solves the two linear equations of least squares.
def fit_power_law(sizes, losses, irreducible):
    x, y = np.log(sizes), np.log(losses - irreducible)
    left = np.array([[np.sum(x * x), np.sum(x)], [np.sum(x), len(x)]])
    slope, height = np.linalg.solve(left, [np.sum(x * y), np.sum(y)])
    return float(-slope), float(np.exp(height))


# %% least squares by lstsq
# A table with two columns, solved by numpy.
def fit_power_law(sizes, losses, irreducible):
    table = np.column_stack([np.ones(len(sizes)), -np.log(sizes)])
    answer = np.linalg.lstsq(table, np.log(losses - irreducible), rcond=None)[0]
    return float(answer[1]), float(np.exp(answer[0]))


# %% base 10 all the way
# Logarithms to base 10 before the fit, a power of 10 after it.
def fit_power_law(sizes, losses, irreducible):
    line = np.polynomial.Polynomial.fit(np.log10(sizes), np.log10(losses - irreducible), 1)
    height, slope = line.convert().coef
    return [-slope, 10**height]
