# %% a sweep
# Goes from fast to slow and keeps what is better than everything before.
def pareto_front(latency, quality):
    front, best, at = [], -np.inf, None
    for i in np.lexsort((np.arange(len(latency)), -np.asarray(quality), latency)):
        if quality[i] > best or (quality[i] == best and latency[i] == at):
            front.append(int(i))
            best, at = quality[i], latency[i]
    return front


# %% all pairs in one table
# Compares every model with every other one at once.
def pareto_front(latency, quality):
    faster, better = latency[:, None] <= latency, quality[:, None] >= quality
    strictly = (latency[:, None] < latency) | (quality[:, None] > quality)
    free = np.flatnonzero(~(faster & better & strictly).any(axis=0))
    return free[np.argsort(latency[free], kind="stable")].tolist()


# %% crossing off
# Takes the fastest of the best, crosses off what it beats, and goes on with the rest.
def pareto_front(latency, quality):
    left, front = list(range(len(latency))), []
    while left:
        fast = min(latency[i] for i in left)
        top = max(quality[i] for i in left if latency[i] == fast)
        front += [i for i in left if latency[i] == fast and quality[i] == top]
        left = [i for i in left if quality[i] > top]
    return front


# %% sorted by quality
# Along a front quality rises with latency, so the front may be sorted by either; a set of the beaten.
def pareto_front(latency, quality):
    beaten = {
        i
        for i in range(len(latency))
        for j in range(len(latency))
        if (latency[j] < latency[i] and quality[j] >= quality[i])
        or (latency[j] == latency[i] and quality[j] > quality[i])
    }
    return sorted(set(range(len(latency))) - beaten, key=lambda i: (quality[i], i))
