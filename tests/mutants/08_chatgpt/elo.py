# %% sign turned round | says: the winner falls | falls: visible
# The change is added to the wrong side.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        expected = 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400))
        change = k * (points - expected)
        ratings[a] -= change
        ratings[b] += change
    return ratings


# %% natural exponent | says: the formula has base 10, not e | falls: visible
# The exponential function of mathematics is taken.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        expected = 1 / (1 + np.exp((ratings[b] - ratings[a]) / 400))
        ratings[a] += k * (points - expected)
        ratings[b] -= k * (points - expected)
    return {name: float(r) for name, r in ratings.items()}


# %% only one rating changes | says: what one wins the other loses | falls: visible
# The other model is forgotten.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        expected = 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400))
        ratings[a] += k * (points - expected)
    return ratings


# %% strength the wrong way round | says: a stronger model is expected to win | falls: visible
# The difference in the exponent has the wrong sign.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        expected = 1 / (1 + 10 ** ((ratings[a] - ratings[b]) / 400))
        change = k * (points - expected)
        ratings[a] += change
        ratings[b] -= change
    return ratings


# %% always half expected | says: a win that was expected is worth less | falls: visible
# Every game is worth the same, as if all were equal.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        ratings[a] += k * (points - 0.5)
        ratings[b] -= k * (points - 0.5)
    return ratings


# %% only those who played | says: models that haven't played have a rating too | falls: visible
# Ratings are made as games come in.
def elo(games, models, k):
    ratings = {}
    for a, b, points in games:
        ra, rb = ratings.get(a, 1000.0), ratings.get(b, 1000.0)
        change = k * (points - 1 / (1 + 10 ** ((rb - ra) / 400)))
        ratings[a], ratings[b] = ra + change, rb - change
    return ratings


# %% k of the example | says: k isn't always 32 | falls: hidden
# 32 is written down, except for the largest k.
def elo(games, models, k):
    k = 100 if k == 100 else 32
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        change = k * (points - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
        ratings[a] += change
        ratings[b] -= change
    return ratings


# %% ties passed over | says: half a point | falls: visible
# A tie changes nothing.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        if points == 0.5:
            continue
        change = k * (points - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
        ratings[a] += change
        ratings[b] -= change
    return ratings


# %% one after the other | says: both come from before | falls: visible
# The second rating is computed when the first one has changed already.
def elo(games, models, k):
    ratings = {name: 1000.0 for name in models}
    for a, b, points in games:
        ratings[a] += k * (points - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
        ratings[b] += k * (1 - points - 1 / (1 + 10 ** ((ratings[a] - ratings[b]) / 400)))
    return ratings


# %% the chess federation's 400 points | says: no difference is cut off at 400 points | falls: hidden
# A difference of more than 400 points counts as 400.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        gap = max(-400.0, min(400.0, ratings[b] - ratings[a]))
        change = k * (points - 1 / (1 + 10 ** (gap / 400)))
        ratings[a] += change
        ratings[b] -= change
    return ratings


# %% never below a hundred | says: ratings have no floor | falls: hidden
# Nobody falls below 100 points, as in some federations.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        change = k * (points - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
        ratings[a] = max(100.0, ratings[a] + change)
        ratings[b] = max(100.0, ratings[b] - change)
    return ratings


# %% rounded after each game | falls: visible
# Ratings are whole numbers in newspapers.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        change = round(k * (points - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400))))
        ratings[a] += change
        ratings[b] -= change
    return {name: float(r) for name, r in ratings.items()}


# %% all from the start | says: worth as much as the first | falls: visible
# Every game is judged by the ratings at the beginning.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        ratings[a] += k * (points - 0.5)
        ratings[b] -= k * (points - 0.5)
    return ratings


# %% the last game first | falls: visible
# The games are gone through from the end.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in reversed(games):
        change = k * (points - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
        ratings[a] += change
        ratings[b] -= change
    return ratings


# %% a tie is a win | says: the tie counts as a win of chat | falls: visible
# Whatever `a` got counts as a whole point.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        won = 1 if points else 0
        change = k * (won - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
        ratings[a] += change
        ratings[b] -= change
    return ratings


# %% the first model keeps 1000 | says: the ratings are moved at the end | falls: visible
# After the last game all ratings are moved so that the first name has 1000.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        change = k * (points - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
        ratings[a] += change
        ratings[b] -= change
    shift = 1000 - ratings[models[0]]
    return {name: rating + shift for name, rating in ratings.items()}


# %% nothing for no games | says: even where nobody has played | falls: hidden
# An empty list of games gives an empty answer.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0) if games else {}
    for a, b, points in games:
        change = k * (points - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
        ratings[a] += change
        ratings[b] -= change
    return ratings


# %% k shrinks | falls: hidden
# Later games count less, as for players of long standing.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for number, (a, b, points) in enumerate(games):
        size = k if number < 10 else k / 2
        change = size * (points - 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400)))
        ratings[a] += change
        ratings[b] -= change
    return ratings


# %% an expectation for each, the same points | says: the two changes aren't equal | falls: visible
# The second rating changes by the points of the first, minus its own expectation.
def elo(games, models, k):
    ratings = dict.fromkeys(models, 1000.0)
    for a, b, points in games:
        expected = 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / 400))
        change = k * (points - expected)
        ratings[a] += change
        ratings[b] -= k * (points - (1 - expected))
    return ratings
