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
