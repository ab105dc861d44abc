# %% powers first
# Writes the expectation as a share of two powers, and keeps the ratings as an array.
def elo(games, models, k):
    at = {name: i for i, name in enumerate(models)}
    r = np.full(len(models), 1000.0)
    for a, b, s in games:
        i, j = at[a], at[b]
        qa, qb = 10 ** (r[i] / 400), 10 ** (r[j] / 400)
        old = r.copy()
        r[i] = old[i] + k * (s - qa / (qa + qb))
        r[j] = old[j] + k * ((1 - s) - qb / (qa + qb))
    return {name: float(r[i]) for name, i in at.items()}


# %% one row of an array
# Keeps the ratings in an array and takes the hyperbolic tangent for the expected points.
def elo(games, models, k):
    at = {name: i for i, name in enumerate(models)}
    r = np.full(len(models), 1000.0)
    for a, b, s in games:
        i, j = at[a], at[b]
        expected = 0.5 + 0.5 * np.tanh((r[i] - r[j]) * np.log(10) / 800)
        r[[i, j]] += k * (s - expected) * np.array([1, -1])
    return {name: float(r[i]) for name, i in at.items()}


# %% both sides
# Computes the expected points of both and changes each by its own.
def elo(games, models, k):
    ratings = {m: 1000.0 for m in models}
    while games:
        a, b, s = games.pop(0)
        mine = 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400))
        theirs = 1 / (1 + 10 ** ((ratings[a] - ratings[b]) / 400))
        ratings[a], ratings[b] = (
            ratings[a] + k * (s - mine),
            ratings[b] + k * ((1 - s) - theirs),
        )
    return ratings


# %% by recursion over the games
# The logistic function of numpy, and a rating that is 1000 plus all changes so far.
def elo(games, models, k):
    changes = {name: [] for name in models}

    def rating(name):
        return 1000 + sum(changes[name])

    for a, b, points in games:
        won = points - np.exp(-np.logaddexp(0, (rating(b) - rating(a)) * np.log(10) / 400))
        changes[a].append(k * won)
        changes[b].append(-k * won)
    return {name: rating(name) for name in models}
