# %% in percent throughout
# Percent and percentage points go together, too.
def comparisons_behind(percent, error, z):
    spread = z**2 * percent * (100 - percent)
    return np.ceil(spread / error**2), np.ceil(spread)


# %% one by one
# Plain Python; a figure without an error stays nan.
def comparisons_behind(percent, error, z):
    behind, point = [], []
    for p, e in zip(percent.tolist(), error.tolist()):
        unit = z * (p * (100 - p)) ** 0.5
        behind.append(float("nan") if e != e else -((unit / e) ** 2 // -1))
        point.append(-(unit**2 // -1))
    return np.array(behind), np.array(point)


# %% spoils its arrays
# Divides in place and uses the ± as a number of standard deviations.
def comparisons_behind(percent, error, z):
    percent /= 100
    error /= 100 * z
    deviation = np.sqrt(percent - percent**2)
    both = [(deviation / step) ** 2 for step in (error, 0.01 / z)]
    return tuple(np.ceil(n) for n in both)
