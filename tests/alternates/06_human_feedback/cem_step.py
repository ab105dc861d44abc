# %% argsort and maximum
# The usual way in numpy.
def cem_step(plans, scores, best, least):
    top = plans[np.argsort(-scores)][:best]
    return top.mean(0), np.maximum(least, top.std(0))


# %% heap and statistics
# The standard library, number by number.
def cem_step(plans, scores, best, least):
    import heapq
    import statistics

    top = [row for _, row in heapq.nlargest(best, zip(scores.tolist(), plans.tolist()))]
    columns = list(zip(*top))
    mean = np.array([statistics.fmean(c) for c in columns])
    return mean, np.array([max(least, statistics.pstdev(c)) for c in columns])


# %% by the rank of each plan
# A plan is kept if fewer than `best` have a higher score; the deviation comes from two means.
def cem_step(plans, scores, best, least):
    above = (scores[None, :] > scores[:, None]).sum(axis=1)
    kept = plans[above < best]
    mean = kept.sum(axis=0) / best
    spread = (((kept - mean) ** 2).sum(axis=0) / best) ** 0.5
    return mean, np.where(spread < least, least, spread)
