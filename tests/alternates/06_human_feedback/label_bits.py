# %% math, with a case for no noise
# Plain numbers; the limit is written as a case.
def label_bits(rate, wanted):
    import math

    p = 0.5 + math.sqrt(rate / 2 - 0.25)
    noise = 0.0
    if p < 1:
        noise = -(p * math.log(p) + (1 - p) * math.log(1 - p)) / math.log(2)
    return p, noise, math.ceil(wanted / (1 - noise))


# %% the quadratic formula and floor division
# p solves 2 p² - 2 p + 1 - a = 0; rounding up is rounding down of the negative.
def label_bits(rate, wanted):
    p = max(float(x.real) for x in np.roots([2.0, -2.0, 1.0 - rate]))
    p = min(p, 1.0)
    both = np.array([p, 1 - p])
    both = both[both > 0]
    noise = abs(float((both * np.log2(both)).sum()))
    return p, noise, int(-(-wanted // (1 - noise)))


# %% scipy's entropy and a count
# Counts up from below until there is enough.
def label_bits(rate, wanted):
    from scipy.stats import entropy

    p = (1 + max(0.0, 2 * rate - 1) ** 0.5) / 2
    noise = float(entropy([p, 1 - p], base=2))
    labels = max(0, int(wanted / (1 - noise)) - 1)
    while labels * (1 - noise) < wanted * (1 - 1e-12):
        labels += 1
    return p, noise, labels


# %% numpy's own numbers
# Numpy scalars for all three, and log1p for the part of 1 - p.
def label_bits(rate, wanted):
    p = np.float64(0.5) + np.sqrt(np.float64(rate) / 2 - 0.25)
    rest = 1 - p
    noise = -p * np.log2(p) - (rest * np.log1p(-p) / np.log(2) if rest > 0 else 0)
    return p, noise, np.int64(np.ceil(wanted / (1 - noise)))
