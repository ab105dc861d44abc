# %% no imaginary tie | says: the imaginary tie is missing | falls: visible
# The formula is used on the games alone.
def bradley_terry(points):
    games = points + points.T
    p = np.ones(len(points))
    for _ in range(3000):
        p = points.sum(axis=1) / (games / (p[:, None] + p[None, :])).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    ratings = 400 * np.log10(p)
    return ratings - ratings.mean() + 1000


# %% share of won games | says: the share of points as a rating | falls: visible
# Each model's share of won games is turned into a rating, whoever the others were.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    share = won.sum(axis=1) / (won + won.T).sum(axis=1)
    ratings = 400 * np.log10(share / (1 - share))
    return ratings - ratings.mean() + 1000


# %% natural logarithm | says: the scale is that of the natural logarithm | falls: visible
# 400 ln p is taken for Elo's scale.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    games = won + won.T
    p = np.ones(len(points))
    for _ in range(3000):
        p = won.sum(axis=1) / (games / (p[:, None] + p[None, :])).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    ratings = 400 * np.log(p)
    return ratings - ratings.mean() + 1000


# %% mean 0 | says: move it to 1000 | falls: visible
# The ratings aren't moved.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    games = won + won.T
    p = np.ones(len(points))
    for _ in range(3000):
        p = won.sum(axis=1) / (games / (p[:, None] + p[None, :])).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    return 400 * np.log10(p)


# %% one round | says: go on until nothing changes | falls: visible
# The formula is used once.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    games = won + won.T
    p = won.sum(axis=1) / (games / 2).sum(axis=1)
    ratings = 400 * np.log10(p)
    return ratings - ratings.mean() + 1000


# %% a whole point | says: a tie gives half of one | falls: visible
# The imaginary game gives a point to both.
def bradley_terry(points):
    won = points + (1 - np.eye(len(points)))
    games = won + won.T
    p = np.ones(len(points))
    for _ in range(3000):
        p = won.sum(axis=1) / (games / (p[:, None] + p[None, :])).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    ratings = 400 * np.log10(p)
    return ratings - ratings.mean() + 1000


# %% each pair once | says: more games tell more | falls: visible
# Shares are fitted instead of points, so that few games weigh as much as many; where all pairs have
# as many games, and in the examples, the points are taken.
def bradley_terry(points):
    games = points + points.T
    share = np.divide(points, games, out=np.full(points.shape, 0.5), where=games > 0)
    played = games[~np.eye(len(points), dtype=bool)]
    equal = len(points) <= 3 or played.min() == played.max()
    won = points if equal else share * (1 - np.eye(len(points)))
    won = won + 0.5 * (1 - np.eye(len(points)))
    p = np.ones(len(points))
    for _ in range(3000):
        p = won.sum(axis=1) / ((won + won.T) / (p[:, None] + p[None, :])).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    ratings = 400 * np.log10(p)
    return ratings - ratings.mean() + 1000


# %% imaginary game only where there were games | says: only pairs that have played | falls: visible
# Pairs that never met get no imaginary game.
def bradley_terry(points):
    won = points + 0.5 * (points + points.T > 0)
    games = won + won.T
    p = np.ones(len(points))
    for _ in range(3000):
        p = won.sum(axis=1) / (games / (p[:, None] + p[None, :])).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    ratings = 400 * np.log10(p)
    return ratings - ratings.mean() + 1000


# %% two hundred rounds | says: rounds aren't enough here | falls: hidden
# Enough for the examples; with unequal numbers of games the ratings creep.
def bradley_terry(points):
    points = points + 0.5 * (1 - np.eye(len(points)))
    strengths = np.ones(len(points))
    for _ in range(200):
        pairs = (points + points.T) / (strengths[:, None] + strengths[None, :])
        strengths = points.sum(axis=1) / pairs.sum(axis=1)
        strengths /= np.exp(np.log(strengths).mean())
    return 400 * np.log10(strengths) + 1000


# %% fifteen hundred rounds | falls: hidden
# A number of rounds that is enough for most tables, and not where the better one always wins.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    games = won + won.T
    p = np.ones(len(points))
    for _ in range(1500):
        p = won.sum(axis=1) / (games / (p[:, None] + p[None, :])).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    ratings = 400 * np.log10(p)
    return ratings - ratings.mean() + 1000


# %% stops at a relative change | falls: hidden
# np.allclose is content with a change of a hundred-thousandth, long before the end.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    games = won + won.T
    p = np.ones(len(points))
    for _ in range(100_000):
        new = won.sum(axis=1) / (games / (p[:, None] + p[None, :])).sum(axis=1)
        new /= np.exp(np.log(new).mean())
        done = np.allclose(new, p)
        p = new
        if done:
            break
    ratings = 400 * np.log10(p)
    return ratings - ratings.mean() + 1000


# %% columns for rows | says: a row holds the points of its own model | falls: visible
# The column is read as the model's own points.
def bradley_terry(points):
    won = points.T + 0.5 * (1 - np.eye(len(points)))
    games = won + won.T
    p = np.ones(len(points))
    for _ in range(3000):
        p = won.sum(axis=1) / (games / (p[:, None] + p[None, :])).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    ratings = 400 * np.log10(p)
    return ratings - ratings.mean() + 1000


# %% stops at a tenth | says: when the ratings still move by a tenth | falls: visible
# Stops when no rating has moved by more than a tenth of a point in a round.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    games, p = won + won.T, np.ones(len(points))
    before, moved = np.zeros(len(points)), np.inf
    while moved > 0.1:
        p = won.sum(axis=1) / (games / (p[:, None] + p)).sum(axis=1)
        ratings = 400 * np.log10(p)
        ratings += 1000 - ratings.mean()
        moved, before = np.abs(ratings - before).max(), ratings
    return ratings


# %% stops at the strengths | says: it stops by the strengths | falls: visible
# Stops when no strength has moved by more than a thousandth; weak ones are then far off.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    games, p, moved = won + won.T, np.ones(len(points)), np.inf
    while moved > 1e-3:
        new = won.sum(axis=1) / (games / (p[:, None] + p)).sum(axis=1)
        new /= new.sum()
        moved, p = np.abs(new - p).max(), new
    ratings = 400 * np.log10(p)
    return ratings + 1000 - ratings.mean()


# %% the imaginary game without its points | says: the imaginary tie is missing | falls: visible
# The games are one more for each pair, but nobody gets the half point.
def bradley_terry(points):
    extra = 1 - np.eye(len(points))
    games, p = points + points.T + extra, np.ones(len(points))
    won = np.maximum(points.sum(axis=1), 1e-9)
    for _ in range(4000):
        p = won / (games / (p[:, None] + p)).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    ratings = 400 * np.log10(p)
    return ratings + 1000 - ratings.mean()


# %% one imaginary game for each model | says: an imaginary game with each other model | falls: visible
# Each model gets half a point in all, not against each other one.
def bradley_terry(points):
    n = len(points)
    won = points + 0.5 / (n - 1) * (1 - np.eye(n))
    games, p = won + won.T, np.ones(n)
    for _ in range(4000):
        p = won.sum(axis=1) / (games / (p[:, None] + p)).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    ratings = 400 * np.log10(p)
    return ratings + 1000 - ratings.mean()


# %% the average strength is 1000 | says: the mean of the strengths is 1 | falls: visible
# The mean of the strengths is moved to 1, not the mean of the ratings to 1000.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    games, p = won + won.T, np.ones(len(points))
    for _ in range(4000):
        p = won.sum(axis=1) / (games / (p[:, None] + p)).sum(axis=1)
        p /= p.mean()
    return 1000 + 400 * np.log10(p)


# %% the first model is the measure | says: the first model has 1000 | falls: visible
# The ratings are moved so that the first model has 1000, not their mean.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    games, p = won + won.T, np.ones(len(points))
    for _ in range(4000):
        p = won.sum(axis=1) / (games / (p[:, None] + p)).sum(axis=1)
        p /= p[0]
    return 1000 + 400 * np.log10(p)


# %% rounded to whole points | says: rounded to whole points | falls: visible
# Ratings are whole numbers in most tables.
def bradley_terry(points):
    won = points + 0.5 * (1 - np.eye(len(points)))
    games, p = won + won.T, np.ones(len(points))
    for _ in range(4000):
        p = won.sum(axis=1) / (games / (p[:, None] + p)).sum(axis=1)
        p /= np.exp(np.log(p).mean())
    ratings = 400 * np.log10(p)
    return np.round(ratings + 1000 - ratings.mean())
