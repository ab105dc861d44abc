# %% missing ones agree | says: where neither of two labelers was asked | falls: visible
# -1 equals -1.
def agreement(labels):
    cases, equal = np.zeros(len(labels)), np.zeros(len(labels))
    for i in range(len(labels)):
        for j in range(len(labels)):
            if i != j:
                both = ((labels[i] >= 0) & (labels[j] >= 0)) | (labels[i] == labels[j])
                cases[i] += both.sum()
                equal[i] += (labels[i] == labels[j]).sum()
    return float(equal.sum() / cases.sum()), equal / cases


# %% missing ones disagree | says: count only the pairs that both have labelled | falls: visible
# Divides by all pairs, and -1 equals -1.
def agreement(labels):
    n = len(labels)
    same = np.array([[(labels[i] == labels[j]).mean() for j in range(n)] for i in range(n)])
    each = (same.sum(1) - 1) / (n - 1)
    return float(each.mean()), each


# %% with themselves | says: compared with himself or herself | falls: visible
# The diagonal stays in.
def agreement(labels):
    asked = (labels >= 0).astype(float)
    cases = asked @ asked.T
    n = len(labels)
    equal = np.array(
        [[((labels[i] == labels[j]) & (labels[i] >= 0)).sum() for j in range(n)] for i in range(n)]
    )
    return float(equal.sum() / cases.sum()), equal.sum(1) / cases.sum(1)


# %% mean of shares | says: this is the mean of the shares | falls: visible
# Each two labelers count the same, however few cases they have.
def agreement(labels):
    n = len(labels)
    shares = np.full((n, n), np.nan)
    for i in range(n):
        for j in range(n):
            both = (labels[i] >= 0) & (labels[j] >= 0)
            if i != j and both.any():
                shares[i, j] = (labels[i] == labels[j])[both].mean()
    return float(np.nanmean(shares)), np.nanmean(shares, axis=1)


# %% zero without cases | says: nan, not 0 | falls: hidden
# A division by 0 is avoided by writing 0.
def agreement(labels):
    asked = (labels >= 0).astype(float)
    n = len(labels)
    cases = asked @ asked.T
    equal = np.array(
        [[((labels[i] == labels[j]) & (labels[i] >= 0)).sum() for j in range(n)] for i in range(n)]
    ).astype(float)
    np.fill_diagonal(cases, 0)
    np.fill_diagonal(equal, 0)
    each = np.array([e / c if c else 0.0 for e, c in zip(equal.sum(1), cases.sum(1))])
    return float(equal.sum() / cases.sum()), each
