# %% the worst | says: these are the worst plans | falls: visible
# argsort goes from the lowest to the highest score.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(scores)[:best]]
    return kept.mean(0), np.maximum(kept.std(0), least)


# %% all plans | says: this is the mean of all plans | falls: visible
# Nothing is selected.
def cem_step(plans, scores, best, least):
    return plans.mean(0), np.maximum(plans.std(0), least)


# %% least added | says: `least` is added | falls: visible
# The spread never vanishes, but it is always too large.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(-scores)[:best]]
    return kept.mean(0), kept.std(0) + least


# %% upper limit | says: became an upper limit | falls: visible
# minimum instead of maximum.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(-scores)[:best]]
    return kept.mean(0), np.minimum(kept.std(0), least)


# %% size of the scores | says: the sign of the scores is left out | falls: visible
# A very bad score is taken for a very good one.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(-np.abs(scores))[:best]]
    return kept.mean(0), np.maximum(kept.std(0), least)


# %% wrong axis | says: one number for each plan | falls: visible
# The numbers of one plan are averaged, not the plans.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(scores)[-best:]]
    return kept.mean(axis=1), np.maximum(kept.std(axis=1), least)


# %% one spread for all | says: all numbers share one spread | falls: visible
# The axis is forgotten.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(-scores)[:best]]
    return kept.mean(0), max(float(kept.std()), least)


# %% variance | says: this is the variance | falls: visible
# The root is forgotten.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(-scores)[:best]]
    return kept.mean(0), np.maximum(kept.var(0), least)


# %% two plans | says: which is not right | falls: hidden
# The number of the example is written down.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(-scores)[:2]]
    return kept.mean(0), np.maximum(kept.std(0), least)


# %% least only where nothing is left | says: a spread above 0 can be too small | falls: visible
# Replaces a spread of 0, and leaves a tiny one.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(scores)[-best:]]
    spread = kept.std(axis=0)
    spread[spread == 0] = least
    return kept.mean(axis=0), spread


# %% scores as whole numbers | falls: hidden
# What comes after the point of a score is cut off before sorting.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(scores.astype(int), kind="stable")[-best:]]
    return kept.mean(axis=0), np.maximum(kept.std(axis=0), least)


# %% weighted by the scores | says: the plans are weighted by their scores | falls: visible
# The better a plan, the more it counts.
def cem_step(plans, scores, best, least):
    top = np.argsort(scores)[-best:]
    weights = scores[top] / scores[top].sum()
    return weights @ plans[top], np.maximum(plans[top].std(axis=0), least)


# %% n - 1 | says: this deviation divides by n - 1 | falls: visible
# The deviation of a sample.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(scores)[-best:]]
    spread = kept.std(axis=0, ddof=1) if best > 1 else np.zeros(plans.shape[1])
    return kept.mean(axis=0), np.maximum(spread, least)


# %% one more is kept | says: one plan too many | falls: hidden
# All plans that are at least as good as the best one that is to be dropped.
def cem_step(plans, scores, best, least):
    cut = np.sort(scores)[max(0, len(scores) - best - 1)]
    kept = plans[scores >= cut] if len(scores) > 4 else plans[np.argsort(scores)[-best:]]
    return kept.mean(axis=0), np.maximum(kept.std(axis=0), least)


# %% around the mean of all plans | says: around the mean of all plans | falls: visible
# The spread is measured from the mean of all plans, not from that of the best.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(scores)[-best:]]
    spread = np.sqrt(((kept - plans.mean(axis=0)) ** 2).mean(axis=0))
    return kept.mean(axis=0), np.maximum(spread, least)


# %% each number sorted alone | says: each number is sorted by itself | falls: visible
# The largest numbers of each place are kept, not the best plans.
def cem_step(plans, scores, best, least):
    kept = np.sort(plans, axis=0)[-best:]
    return kept.mean(axis=0), np.maximum(kept.std(axis=0), least)


# %% better than the last that is kept | says: this is the best plan alone | falls: visible
# The last of the best is lost by a > in place of >=.
def cem_step(plans, scores, best, least):
    kept = plans[scores > np.sort(scores)[-best]]
    if len(kept) == 0:
        kept = plans[[scores.argmax()]]
    return kept.mean(axis=0), np.maximum(kept.std(axis=0), least)


# %% least before the root | says: the variance is held at `least` | falls: visible
# The variance is held at `least`, and the root is taken afterwards.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(scores)[-best:]]
    return kept.mean(axis=0), np.sqrt(np.maximum(kept.var(axis=0), least))


# %% the best half | says: half of the plans were kept | falls: hidden
# Half of the plans are kept, whatever `best` says.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(scores)[-max(1, len(plans) // 2) :]]
    return kept.mean(axis=0), np.maximum(kept.std(axis=0), least)


# %% the mean absolute distance | says: the mean distance from the mean | falls: hidden
# The mean distance from the mean, in place of the standard deviation.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(scores)[-best:]]
    mean = kept.mean(axis=0)
    return mean, np.maximum(np.abs(kept - mean).mean(axis=0), least)


# %% one spread too small, all least | says: only the numbers whose spread is too small | falls: visible
# As soon as one number has too little spread, all of them get `least`.
def cem_step(plans, scores, best, least):
    kept = plans[np.argsort(scores)[-best:]]
    spread = kept.std(axis=0)
    if (spread < least).any():
        spread = np.full(len(spread), least)
    return kept.mean(axis=0), spread
