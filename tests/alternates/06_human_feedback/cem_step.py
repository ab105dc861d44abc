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


# %% by a threshold
# All plans that reach the score of the last one kept; number by number.
def cem_step(plans, scores, best, least):
    last = sorted(scores, reverse=True)[best - 1]
    kept = [plan for plan, score in zip(plans, scores) if score >= last]
    mean, spread = [], []
    for column in zip(*kept):
        middle = sum(column) / best
        mean.append(middle)
        spread.append(max(least, (sum((x - middle) ** 2 for x in column) / best) ** 0.5))
    return np.array(mean), np.array(spread)


# %% argpartition
# Without a full sort; the variance by a weighted mean.
def cem_step(plans, scores, best, least):
    kept = plans[np.argpartition(-scores, best - 1)[:best]]
    mean = np.average(kept, axis=0)
    return mean, np.clip(np.sqrt(np.average((kept - mean) ** 2, axis=0)), least, None)
