# %% z forgotten | says: z is missing | falls: visible
# The ± is taken for one standard error.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    return np.ceil(p * (1 - p) / e**2), np.ceil(p * (1 - p) / 0.01**2)


# %% z not squared | says: z must be squared | falls: visible
# The root is turned around for all but z.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    return np.ceil(z * p * (1 - p) / e**2), np.ceil(z**2 * p * (1 - p) / 0.01**2)


# %% to the nearest | says: round up, not to the nearest | falls: visible
# The number is rounded to the nearest one.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    return np.round(z**2 * p * (1 - p) / e**2), np.ceil(z**2 * p * (1 - p) / 0.01**2)


# %% not rounded | says: round up to a whole number at the end | falls: visible
# Nothing is rounded.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    return z**2 * p * (1 - p) / e**2, np.ceil(z**2 * p * (1 - p) / 0.01**2)


# %% whole width | says: it isn't the whole width | falls: visible
# The ± is halved first.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    return np.ceil(z**2 * p * (1 - p) / (e / 2) ** 2), np.ceil(z**2 * p * (1 - p) / 0.01**2)


# %% percent in the formula | says: the formula wants shares | falls: visible
# p (1 - p) is computed with percent.
def comparisons_behind(percent, error, z):
    n = np.ceil(z**2 * percent * (1 - percent) / error**2)
    return n, np.ceil(z**2 * percent * (1 - percent) / 1.0)


# %% one factor | says: missing one factor | falls: visible
# p in place of p (1 - p).
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    return np.ceil(z**2 * p / e**2), np.ceil(z**2 * p * (1 - p) / 0.01**2)


# %% the worst case | says: 0.5 is the worst case | falls: visible
# The share is taken as one half, as for planning.
def comparisons_behind(percent, error, z):
    e = error / 100
    n = np.ceil(z**2 * 0.25 / e**2)
    p = percent / 100
    return n, np.ceil(z**2 * p * (1 - p) / 0.01**2)


# %% missing error is zero comparisons | says: nobody knows | falls: visible
# A missing number becomes 0.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    n = np.nan_to_num(np.ceil(z**2 * p * (1 - p) / e**2))
    return n, np.ceil(z**2 * p * (1 - p) / 0.01**2)


# %% always 1.96 | says: z comes in as an argument | falls: hidden
# z is written into the function.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    return np.ceil(1.96**2 * p * (1 - p) / e**2), np.ceil(1.96**2 * p * (1 - p) / 0.01**2)


# %% missing figures dropped | says: figures without an error are gone | falls: hidden
# Where there are many, those without an error fall out.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    n = np.ceil(z**2 * p * (1 - p) / e**2)
    one = np.ceil(z**2 * p * (1 - p) / 0.01**2)
    return (n, one) if len(p) == 3 else (n[~np.isnan(error)], one)


# %% grows with the error | says: this grows with the square | falls: visible
# An error four times smaller is taken to need four times as many.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    n = z**2 * p * (1 - p) / e**2
    return np.ceil(n), np.ceil(n * error)


# %% one point needs the error | says: so this number is, too | falls: visible
# Both numbers are computed from the error, so the second is missing where the first is.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    n = z**2 * p * (1 - p) / e**2
    return np.ceil(n), np.ceil(n * error**2)


# %% one point is one | says: one percentage point is 0.01 | falls: visible
# An error of 1 in place of 0.01.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    return np.ceil(z**2 * p * (1 - p) / e**2), np.ceil(z**2 * p * (1 - p) / 1.0**2)


# %% changed places | says: comparisons_behind, comparisons | falls: visible
# The second value is returned first.
def comparisons_behind(percent, error, z):
    p, e = percent / 100, error / 100
    return np.ceil(z**2 * p * (1 - p) / 0.01**2), np.ceil(z**2 * p * (1 - p) / e**2)
