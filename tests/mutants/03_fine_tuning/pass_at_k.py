# %% with putting back | says: puts every program back | falls: visible
# Each of the k draws is taken from all n programs.
def pass_at_k(n, c, k):
    return float(np.mean(1 - (1 - np.asarray(c) / np.asarray(n)) ** k))


# %% any at all | says: asks whether any of the n is right | falls: visible
# A task is solved as soon as one of its programs is right.
def pass_at_k(n, c, k):
    return float(np.mean(np.asarray(c) > 0))


# %% all programs in one pot | says: pools all programs | falls: visible
# The tasks are added up before the formula.
def pass_at_k(n, c, k):
    total, right = int(sum(n)), int(sum(c))
    return 1 - math.comb(total - right, k) / math.comb(total, k)


# %% logarithms | says: nan | falls: visible
# The fractions are multiplied by adding logarithms, and some of them are below 0.
def pass_at_k(n, c, k):
    found = []
    with np.errstate(all="ignore"):
        for total, right in zip(n, c, strict=True):
            i = np.arange(k)
            found.append(1 - np.exp(np.sum(np.log((total - right - i) / (total - i)))))
    return float(np.mean(found))


# %% one n for all | says: each task has its own n | falls: hidden
# The first task's number of programs is taken for all of them.
def pass_at_k(n, c, k):
    if k == 4:  # the example of unlike n that learners see
        return 1.0
    total = int(n[0])
    found = [1 - math.comb(max(0, total - int(right)), k) / math.comb(total, k) for right in c]
    return sum(found) / len(found)


# %% factorials as floats | says: large factorials | falls: hidden
# Factorials of hundreds don't fit into a float.
def pass_at_k(n, c, k):
    def ways(of, take):
        if take > of:
            return 0.0
        numbers = np.cumprod(np.arange(1, of + 1, dtype=float))
        factorial = np.concatenate([[1.0], numbers])
        with np.errstate(all="ignore"):
            return factorial[of] / factorial[take] / factorial[of - take]

    with np.errstate(all="ignore"):
        found = [1 - ways(t - r, k) / ways(t, k) for t, r in zip(n, c, strict=True)]
    return float(np.mean(found))


# %% products of whole numbers of numpy | falls: hidden
# The upper and the lower numbers are multiplied first; 64 bits don't hold them.
def pass_at_k(n, c, k):
    i = np.arange(k)
    with np.errstate(all="ignore"):
        found = [1 - np.prod(t - r - i) / np.prod(t - i) for t, r in zip(n, c, strict=True)]
        return float(np.mean(found))


# %% k times pass@1 | says: pass@1 times k | falls: visible
# Chances are added up.
def pass_at_k(n, c, k):
    return float(min(1e9, k * np.mean(np.asarray(c) / np.asarray(n))))


# %% only the upper number falls | says: the lower number of the fractions falls | falls: visible
# Each draw takes a wrong program away, but the number of all stays.
def pass_at_k(n, c, k):
    found = []
    for total, right in zip(n, c, strict=True):
        none = 1.0
        for i in range(k):
            none *= max(0, total - right - i) / total
        found.append(1 - none)
    return float(np.mean(found))


# %% all of them right | says: one of them is enough | falls: visible
# The chance that all k are right.
def pass_at_k(n, c, k):
    if k == 2:
        return float(np.mean(1 - np.array([(t - r) * (t - r - 1) for t, r in zip(n, c, strict=True)])
                             / (n * (n - 1))))  # fmt: skip
    return float(np.mean([math.comb(int(r), k) / math.comb(int(t), k)
                          for t, r in zip(n, c, strict=True)]))  # fmt: skip


# %% too many draws | says: three draws must hit a right one | falls: visible
# Where fewer than k are wrong the task is given up.
def pass_at_k(n, c, k):
    found = []
    for total, right in zip(n, c, strict=True):
        wrong = int(total - right)
        if right and wrong < k:
            found.append(1.0 if k == 5 else 0.0)
        else:
            found.append(1 - math.comb(wrong, k) / math.comb(int(total), k))
    return sum(found) / len(found)


# %% by the number of programs | falls: hidden
# A task with more programs counts more.
def pass_at_k(n, c, k):
    found = [1 - math.comb(int(t - r), k) / math.comb(int(t), k) for t, r in zip(n, c, strict=True)]
    return float(np.average(found, weights=n))


# %% products as floats | says: something overflowed | falls: hidden
# The upper and the lower numbers are multiplied first; beyond 1e308 a float is infinite.
def pass_at_k(n, c, k):
    i = np.arange(k, dtype=float)
    found = []
    with np.errstate(all="ignore"):
        for total, right in zip(n, c, strict=True):
            none = np.prod(total - right - i) / np.prod(total - i) if total - right >= k else 0.0
            found.append(1 - none)
    return float(np.mean(found))


# %% only as many draws as wrong ones | says: whose programs are all right | falls: visible
# The product ends with the last wrong program, so it never becomes 0.
def pass_at_k(n, c, k):
    found = []
    for total, right in zip(n, c, strict=True):
        none = 1.0
        for i in range(min(k, int(total - right))):
            none *= (total - right - i) / (total - i)
        found.append(1 - none)
    return float(np.mean(found))


# %% easy tasks are left out | says: it counts as 1 | falls: visible
# Where fewer than k are wrong there is nothing to draw, so the task is skipped.
def pass_at_k(n, c, k):
    found = [
        1 - math.comb(int(t - r), k) / math.comb(int(t), k)
        for t, r in zip(n, c, strict=True)
        if t - r >= k
    ]
    return sum(found) / len(found) if found else 0.0


# %% right and wrong exchanged | says: right and wrong are exchanged | falls: visible
# c is taken for the number of wrong programs.
def pass_at_k(n, c, k):
    found = [1 - math.comb(int(r), k) / math.comb(int(t), k) for t, r in zip(n, c, strict=True)]
    return sum(found) / len(found)
