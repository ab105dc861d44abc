# %% best of all | says: this is the best of all five | falls: visible
# All draws are used, whatever n is.
def best_of_n_scores(rewards, scores, n):
    best = rewards.argmax(axis=1)
    rows = np.arange(len(rewards))
    return float(rewards[rows, best].mean()), float(scores[rows, best].mean())


# %% best of the first n | says: this is the best of the first two draws | falls: visible
# One choice instead of all.
def best_of_n_scores(rewards, scores, n):
    best = rewards[:, :n].argmax(axis=1)
    rows = np.arange(len(rewards))
    return float(rewards[rows, best].mean()), float(scores[rows, best].mean())


# %% the same draw twice | says: the same draw may be taken twice | falls: visible
# Draws are put back: (i/N)^n - ((i-1)/N)^n.
def best_of_n_scores(rewards, scores, n):
    order = np.argsort(rewards, axis=1)
    draws = rewards.shape[1]
    weights = np.diff((np.arange(draws + 1) / draws) ** n)
    reward = np.take_along_axis(rewards, order, axis=1) @ weights
    score = np.take_along_axis(scores, order, axis=1) @ weights
    return float(reward.mean()), float(score.mean())


# %% kept by true score | says: best-of-n can only see the reward | falls: visible
# The choice looks at what nobody knows.
def best_of_n_scores(rewards, scores, n):
    from math import comb

    draws = rewards.shape[1]
    weights = np.array([comb(i, n - 1) / comb(draws, n) for i in range(draws)])
    best = np.sort(scores, axis=1) @ weights
    return float(best.mean()), float(best.mean())


# %% worst of n | says: this keeps the worst | falls: visible
# Sorted from the highest reward down.
def best_of_n_scores(rewards, scores, n):
    from math import comb

    draws = rewards.shape[1]
    order = np.argsort(-rewards, axis=1)
    weights = np.array([comb(i, n - 1) / comb(draws, n) for i in range(draws)])
    reward = np.take_along_axis(rewards, order, axis=1) @ weights
    score = np.take_along_axis(scores, order, axis=1) @ weights
    return float(reward.mean()), float(score.mean())


# %% scores in their old order | says: brought into the order of the rewards | falls: visible
# Only the rewards are sorted.
def best_of_n_scores(rewards, scores, n):
    from math import comb

    draws = rewards.shape[1]
    weights = np.array([comb(i, n - 1) / comb(draws, n) for i in range(draws)])
    reward = np.sort(rewards, axis=1) @ weights
    return float(reward.mean()), float((scores @ weights).mean())


# %% one order for all | says: each request has an order of its own | falls: visible
# The order of the first request is used for the whole table.
def best_of_n_scores(rewards, scores, n):
    from math import comb

    draws = rewards.shape[1]
    order = np.argsort(rewards[0])
    weights = np.array([comb(i, n - 1) / comb(draws, n) for i in range(draws)])
    reward, score = rewards[:, order] @ weights, scores[:, order] @ weights
    return float(reward.mean()), float(score.mean())


# %% best of two | says: is right | falls: visible
# n = 2 is written into the weights.
def best_of_n_scores(rewards, scores, n):
    draws = rewards.shape[1]
    order = np.argsort(rewards, axis=1)
    weights = np.arange(draws) * 2 / (draws * (draws - 1))
    reward = np.take_along_axis(rewards, order, axis=1) @ weights
    score = np.take_along_axis(scores, order, axis=1) @ weights
    return float(reward.mean()), float(score.mean())


# %% factorials in floats | says: too large for floats | falls: hidden | inputs: same
# 2000! is infinite as a float.
def best_of_n_scores(rewards, scores, n):
    def factorial(k):
        return float(np.prod(np.arange(1.0, k + 1)))

    def choose(a, b):
        if b > a:
            return 0.0
        with np.errstate(all="ignore"):
            return np.float64(factorial(a)) / (factorial(b) * factorial(a - b))

    draws = rewards.shape[1]
    order = np.argsort(rewards, axis=1)
    with np.errstate(all="ignore"):
        weights = np.array([choose(i, n - 1) for i in range(draws)]) / choose(draws, n)
    reward = np.take_along_axis(rewards, order, axis=1) @ weights
    score = np.take_along_axis(scores, order, axis=1) @ weights
    return float(reward.mean()), float(score.mean())


# %% a few random choices | says: is right | falls: visible
# Near to the right value, but never the same as it.
def best_of_n_scores(rewards, scores, n):
    rng = np.random.default_rng(0)
    found = []
    for row in range(len(rewards)):
        for _ in range(50):
            some = rng.permutation(rewards.shape[1])[:n]
            best = some[rewards[row, some].argmax()]
            found.append((rewards[row, best], scores[row, best]))
    return tuple(float(x) for x in np.mean(found, axis=0))
