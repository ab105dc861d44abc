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


# %% nan only without labels | says: whose pairs nobody else has labelled | falls: hidden
# A labeler who labelled something, but shares no pair with anybody, gets 0.
def agreement(labels):
    n = len(labels)
    cases, equal = np.zeros(n), np.zeros(n)
    for i in range(n):
        for j in range(n):
            both = (labels[i] >= 0) & (labels[j] >= 0)
            if i != j:
                cases[i] += both.sum()
                equal[i] += (both & (labels[i] == labels[j])).sum()
    silent = (labels < 0).all(axis=1)
    each = np.where(silent, np.nan, equal / np.maximum(cases, 1))
    return float(equal.sum() / cases.sum()), each


# %% everybody at once | says: compare two labelers at a time | falls: visible
# A pair counts as agreed if all who labelled it took the same.
def agreement(labels):
    asked = labels >= 0
    same = ((labels == 1) | ~asked).all(0) | ((labels == 0) | ~asked).all(0)
    same &= asked.all(0)
    each = np.full(len(labels), same.mean())
    return float(same.mean()), each


# %% only what all have labelled | says: only the pairs that everybody has labelled | falls: visible
# Pairs with a gap are dropped first.
def agreement(labels):
    full = labels[:, (labels >= 0).all(axis=0)]
    n, m = full.shape
    equal = np.array([[(full[i] == full[j]).sum() for j in range(n)] for i in range(n)]) * 1.0
    np.fill_diagonal(equal, 0)
    each = equal.sum(1) / (m * (n - 1)) if m else np.full(n, np.nan)
    return float(equal.sum() / (n * (n - 1) * m)) if m else float("nan"), each


# %% neighbours | says: only neighbours are compared | falls: visible
# Each labeler is compared with the next one in the table.
def agreement(labels):
    n = len(labels)
    cases, equal = np.zeros(n), np.zeros(n)
    for i in range(n - 1):
        both = (labels[i] >= 0) & (labels[i + 1] >= 0)
        for k in (i, i + 1):
            cases[k] += both.sum()
            equal[k] += (labels[i] == labels[i + 1])[both].sum()
    return float(equal.sum() / cases.sum()), equal / cases


# %% agreed on A alone | says: two who both took B agree as well | falls: visible
# Multiplies the labels: only 1 times 1 is 1.
def agreement(labels):
    took, asked = (labels == 1).astype(float), (labels >= 0).astype(float)
    cases, equal = asked @ asked.T, took @ took.T
    np.fill_diagonal(cases, 0)
    np.fill_diagonal(equal, 0)
    return float(equal.sum() / cases.sum()), equal.sum(1) / cases.sum(1)


# %% the case goes to the first | says: a case belongs to both of its labelers | falls: visible
# In the loop over two labelers only the first one's counts are moved on.
def agreement(labels):
    n = len(labels)
    cases, equal = np.zeros(n), np.zeros(n)
    for i in range(n):
        for j in range(i + 1, n):
            both = (labels[i] >= 0) & (labels[j] >= 0)
            cases[i] += both.sum()
            equal[i] += (labels[i] == labels[j])[both].sum()
    return float(equal.sum() / cases.sum()), equal / cases


# %% mean over labelers | says: this is the mean over labelers | falls: visible
# The shares of the labelers are averaged, however many cases each has.
def agreement(labels):
    asked = (labels >= 0).astype(float)
    cases = asked @ asked.T
    equal = sum((labels == s).astype(float) @ (labels == s).T for s in (0, 1))
    np.fill_diagonal(cases, 0)
    np.fill_diagonal(equal, 0)
    each = equal.sum(1) / cases.sum(1)
    return float(np.nanmean(each)), each


# %% with the majority | says: compared with the majority | falls: visible
# Each labeler is compared with what most of them chose.
def agreement(labels):
    asked = labels >= 0
    most = (np.where(asked, labels, 0).sum(0) * 2 >= asked.sum(0)).astype(int)
    equal = (labels == most) & asked
    with np.errstate(invalid="ignore"):
        each = equal.sum(1) / asked.sum(1)
    return float(equal.sum() / asked.sum()), each


# %% pairs in place of labelers | says: the columns are compared | falls: visible
# Compares the columns, so pairs of answers in place of labelers.
def agreement(labels):
    labels = labels.T
    cases, equal = np.zeros(len(labels)), np.zeros(len(labels))
    for i in range(len(labels)):
        for j in range(len(labels)):
            both = (labels[i] >= 0) & (labels[j] >= 0)
            if i != j:
                cases[i] += both.sum()
                equal[i] += ((labels[i] == labels[j]) & both).sum()
    with np.errstate(invalid="ignore"):
        return float(equal.sum() / cases.sum()), equal / cases


# %% labelers without a case left out | says: has shape | falls: hidden
# A labeler without a case gets no place in the answer.
def agreement(labels):
    cases, equal = np.zeros(len(labels)), np.zeros(len(labels))
    for i in range(len(labels)):
        for j in range(len(labels)):
            both = (labels[i] >= 0) & (labels[j] >= 0)
            if i != j:
                cases[i] += both.sum()
                equal[i] += ((labels[i] == labels[j]) & both).sum()
    use = cases > 0
    return float(equal.sum() / cases.sum()), equal[use] / cases[use]


# %% nan for whoever never agrees | says: who never agrees has the share 0 | falls: hidden
# 0 of some cases is taken for no case.
def agreement(labels):
    cases, equal = np.zeros(len(labels)), np.zeros(len(labels))
    for i in range(len(labels)):
        for j in range(len(labels)):
            both = (labels[i] >= 0) & (labels[j] >= 0)
            if i != j:
                cases[i] += both.sum()
                equal[i] += ((labels[i] == labels[j]) & both).sum()
    each = np.array([e / c if e else np.nan for e, c in zip(equal, cases)])
    return float(equal.sum() / cases.sum()), each


# %% divided by all pairs | says: a pair that one of two wasn't asked counts as disagreement | falls: visible
# Equal choices are divided by all pairs of all labelers, also those that nobody labelled.
def agreement(labels):
    n, pairs = labels.shape
    equal = np.zeros(n)
    for i in range(n):
        for j in range(n):
            if i != j:
                equal[i] += ((labels[i] == labels[j]) & (labels[i] >= 0)).sum()
    return float(equal.sum() / (n * (n - 1) * pairs)), equal / ((n - 1) * pairs)


# %% three labelers | falls: hidden
# The pairs of labelers are written out for three.
def agreement(labels):
    cases, equal = np.zeros(len(labels)), np.zeros(len(labels))
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        if j < len(labels):
            both = (labels[i] >= 0) & (labels[j] >= 0)
            for k in (i, j):
                cases[k] += both.sum()
                equal[k] += ((labels[i] == labels[j]) & both).sum()
    with np.errstate(invalid="ignore"):
        return float(equal.sum() / cases.sum()), equal / cases


# %% -1 is a choice of its own | says: only one of two has labelled is no case | falls: visible
# Only the pair that neither has labelled is left out.
def agreement(labels):
    cases, equal = np.zeros(len(labels)), np.zeros(len(labels))
    for i in range(len(labels)):
        for j in range(len(labels)):
            some = (labels[i] >= 0) | (labels[j] >= 0)
            if i != j:
                cases[i] += some.sum()
                equal[i] += ((labels[i] == labels[j]) & some).sum()
    with np.errstate(invalid="ignore"):
        return float(equal.sum() / cases.sum()), equal / cases
