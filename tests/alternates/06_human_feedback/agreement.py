# %% loops with the standard library
# Counts case by case.
def agreement(labels):
    rows = labels.tolist()
    cases, equal = [0] * len(rows), [0] * len(rows)
    for i in range(len(rows)):
        for j in range(i + 1, len(rows)):
            for a, b in zip(rows[i], rows[j]):
                if a != -1 and b != -1:
                    for k in (i, j):
                        cases[k] += 1
                        equal[k] += a == b
    each = [e / c if c else float("nan") for e, c in zip(equal, cases)]
    return sum(equal) / sum(cases), np.array(each)


# %% one pair at a time
# For each pair counts how many took A and how many took B.
def agreement(labels):
    cases, equal = np.zeros(len(labels)), np.zeros(len(labels))
    for column in labels.T:
        took = {side: column == side for side in (0, 1)}
        asked = took[0] | took[1]
        cases += asked * (asked.sum() - 1)
        equal += sum(t * (t.sum() - 1) for t in took.values())
    each = np.divide(equal, cases, out=np.full(len(labels), np.nan), where=cases > 0)
    return float(equal.sum() / cases.sum()), each


# %% missing labels written over
# Each labeler's missing ones get a number of their own, so that they equal nobody's.
def agreement(labels):
    asked = labels >= 0
    n = len(labels)
    for i in range(n):
        labels[i, ~asked[i]] = 10 + i
    cases, equal = np.zeros(n), np.zeros(n)
    for i in range(n):
        for j in range(n):
            if i != j:
                cases[i] += (asked[i] & asked[j]).sum()
                equal[i] += (labels[i] == labels[j]).sum()
    each = np.full(n, np.nan)
    each[cases > 0] = equal[cases > 0] / cases[cases > 0]
    return equal.sum() / cases.sum(), each


# %% column by column
# Counts for each pair of answers how many took A and how many B; cases follow from the counts.
def agreement(labels):
    ones, zeros = (labels == 1).sum(axis=0), (labels == 0).sum(axis=0)
    same = np.where(labels == 1, ones - 1, np.where(labels == 0, zeros - 1, 0)).sum(axis=1)
    cases = np.where(labels >= 0, ones + zeros - 1, 0).sum(axis=1)
    each = [s / c if c > 0 else float("nan") for s, c in zip(same, cases)]
    return same.sum() / cases.sum(), np.array(each)


# %% a table of all comparisons
# One table of labeler, labeler and pair; the diagonal is taken off.
def agreement(labels):
    both = (labels[:, None] >= 0) & (labels[None] >= 0)
    both[np.arange(len(labels)), np.arange(len(labels))] = False
    equal = both & (labels[:, None] == labels[None])
    cases = both.sum(axis=(1, 2)).astype(float)
    each = np.full(len(labels), np.nan)
    np.divide(equal.sum(axis=(1, 2)), cases, out=each, where=cases > 0)
    return equal.sum() / both.sum(), each
