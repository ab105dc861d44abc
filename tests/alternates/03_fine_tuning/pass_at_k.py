# %% binomials
# Counts the ways to draw with Python's exact whole numbers.
def pass_at_k(n, c, k):
    none = [math.comb(int(a) - int(b), k) / math.comb(int(a), k) for a, b in zip(n, c, strict=True)]
    return 1.0 - sum(none) / len(none)


# %% the paper's product
# Multiplies 1 - k / i over the i from n - c + 1 to n.
def pass_at_k(n, c, k):
    def one(total, right):
        if total - right < k:
            return 1.0
        return 1.0 - np.prod(1.0 - k / np.arange(total - right + 1, total + 1))

    return np.mean([one(a, b) for a, b in zip(n, c, strict=True)])


# %% logarithms of the gamma function
# Subtracts logarithms of factorials, where enough programs are wrong.
def pass_at_k(n, c, k):
    total = 0.0
    for a, b in zip(n.tolist(), c.tolist(), strict=True):
        wrong = a - b
        if wrong < k:
            total += 1.0
            continue
        log = math.lgamma(wrong + 1) - math.lgamma(wrong - k + 1)
        log -= math.lgamma(a + 1) - math.lgamma(a - k + 1)
        total += 1.0 - math.exp(log)
    return total / len(n)


# %% all tasks at once
# One column for each draw: the fractions as a matrix, multiplied along its rows.
def pass_at_k(n, c, k):
    i = np.arange(k)
    fractions = ((n - c)[:, None] - i) / (n[:, None] - i)
    return float(np.mean(1 - fractions.prod(axis=1)))


# %% the hypergeometric distribution
# scipy's chance that more than none of the k drawn programs is right.
def pass_at_k(n, c, k):
    from scipy.stats import hypergeom

    return hypergeom.sf(0, n, c, k).mean()
