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
