# %% second place not turned round | says: is A's win | falls: visible
# "first" is read as a win of A in both orders.
def win_rate(ahead, behind):
    points = {"first": 1.0, "tie": 0.5, "second": 0.0}
    both = [points[v] for v in ahead + behind]
    return float(np.mean(both)), float(np.mean(both))


# %% one order | says: this looks at one order only | falls: visible
# The swap is ignored.
def win_rate(ahead, behind):
    points = {"first": 1.0, "tie": 0.5, "second": 0.0}
    rate = float(np.mean([points[v] for v in ahead]))
    return rate, float(np.mean([points[v] for v in ahead + behind]))


# %% ties count nothing | says: a tie is half a win, not nothing | falls: visible
# Only clear wins count.
def win_rate(ahead, behind):
    won = ahead.count("first") + behind.count("second")
    both = ahead + behind
    return won / len(both), (both.count("first") + 0.5 * both.count("tie")) / len(both)


# %% ties left out | says: ties are left out; they count half | falls: visible
# Ties are taken out before the mean.
def win_rate(ahead, behind):
    won = ahead.count("first") + behind.count("second")
    both = ahead + behind
    decided = len(both) - both.count("tie")
    rate = won / decided if decided else 0.5
    return rate, (both.count("first") + 0.5 * both.count("tie")) / len(both)


# %% place is the rate of A | says: whoever was there | falls: visible
# The place share is computed as if A had been first each time.
def win_rate(ahead, behind):
    points = {"first": 1.0, "tie": 0.5, "second": 0.0}
    a = [points[v] for v in ahead] + [1 - points[v] for v in behind]
    return float(np.mean(a)), float(np.mean(a))


# %% only verdicts that agree | says: requests with the same winner in both orders | falls: visible
# A request counts as a win only if A won in both orders; half a point elsewhere is lost.
def win_rate(ahead, behind):
    clean = sum(a == "first" and b == "second" for a, b in zip(ahead, behind, strict=True))
    both = ahead + behind
    return clean / len(ahead), (both.count("first") + 0.5 * both.count("tie")) / len(both)


# %% a tie unless both agree | says: a request counts as a tie unless | falls: visible
# The careful way of some leaderboards: only who wins in both orders has won, all else is a tie.
def win_rate(ahead, behind):
    pairs = list(zip(ahead, behind, strict=True))
    wins, losses = pairs.count(("first", "second")), pairs.count(("second", "first"))
    both = ahead + behind
    rate = (wins + (len(pairs) - wins - losses) / 2) / len(pairs)
    return rate, (both.count("first") + 0.5 * both.count("tie")) / len(both)


# %% ties to nobody in the place share | says: a tie gives half a point to the first place | falls: visible
# Ties count for the rate and are forgotten for the place.
def win_rate(ahead, behind):
    points = {"first": 1.0, "tie": 0.5, "second": 0.0}
    a = [points[v] for v in ahead] + [1 - points[v] for v in behind]
    return float(np.mean(a)), (ahead + behind).count("first") / (2 * len(ahead))


# %% winner of each request | says: is given to one of the two first | falls: visible
# Both showings of a request are made into one verdict first.
def win_rate(ahead, behind):
    worth = {"first": 1, "tie": 0.5, "second": 0}
    both = [worth[a] + 1 - worth[b] for a, b in zip(ahead, behind, strict=True)]
    rate = sum(1 if s > 1 else 0.5 if s == 1 else 0 for s in both) / len(both)
    return rate, sum(worth[v] for v in ahead + behind) / (2 * len(ahead))


# %% clear wins of one order are enough | falls: hidden
# Where both orders disagree the request is taken from the order with A ahead; seen with ties alone.
def win_rate(ahead, behind):
    points = {"first": 1.0, "tie": 0.5, "second": 0.0}
    mine = [(points[a], 1 - points[b]) for a, b in zip(ahead, behind, strict=True)]
    rate = [2 * a if {a, b} == {0.0, 1.0} and len(mine) > 6 else a + b for a, b in mine]
    place = [points[v] for v in ahead + behind]
    return sum(rate) / (2 * len(mine)), sum(place) / len(place)


# %% the number of requests is six | falls: hidden
# The sum is divided by the number of the example.
def win_rate(ahead, behind):
    points = {"first": 1.0, "tie": 0.5, "second": 0.0}
    n = 10 if len(ahead) == 5 else 12
    rate = sum(points[v] for v in ahead) + sum(1 - points[v] for v in behind)
    return rate / n, sum(points[v] for v in ahead + behind) / n


# %% a place is always an advantage | says: may be below one half | falls: hidden
# The larger of the two shares is called the first place's.
def win_rate(ahead, behind):
    worth = {"first": 1, "tie": 0.5, "second": 0}
    a, b = [worth[v] for v in ahead], [worth[v] for v in behind]
    place = (sum(a) + sum(b)) / (2 * len(a))
    return (sum(a) + len(b) - sum(b)) / (2 * len(a)), max(place, 1 - place)


# %% the advantage of the place | says: how far the share is from one half | falls: visible
# How far the share of the first place is from one half.
def win_rate(ahead, behind):
    worth = {"first": 1, "tie": 0.5, "second": 0}
    a, b = [worth[v] for v in ahead], [worth[v] for v in behind]
    place = (sum(a) + sum(b)) / (2 * len(a))
    return (sum(a) + len(b) - sum(b)) / (2 * len(a)), place - 0.5


# %% equal requests left out | says: a tie in both orders are left out | falls: visible
# Requests that are a tie in both orders say nothing, it seems.
def win_rate(ahead, behind):
    worth = {"first": 1, "tie": 0.5, "second": 0}
    both = [(worth[a], worth[b]) for a, b in zip(ahead, behind) if (a, b) != ("tie", "tie")]
    both = both or [(0.5, 0.5)]
    return (
        sum(a + 1 - b for a, b in both) / (2 * len(both)),
        sum(a + b for a, b in both) / (2 * len(both)),
    )


# %% the words say who won | says: this is the mean of the first place | falls: visible
# "first" is read as A and "second" as B, whoever was where.
def win_rate(ahead, behind):
    both = list(ahead) + list(behind)
    rate = (both.count("first") + both.count("tie") / 2) / len(both)
    return rate, rate


# %% sets of verdicts | says: the same verdicts are counted once | falls: visible
# Equal requests are counted once.
def win_rate(ahead, behind):
    worth = {"first": 1, "tie": 0.5, "second": 0}
    both = [(worth[a], worth[b]) for a, b in set(zip(ahead, behind))]
    return (
        sum(a + 1 - b for a, b in both) / (2 * len(both)),
        sum(a + b for a, b in both) / (2 * len(both)),
    )


# %% the requests sorted | falls: visible
# The two lists are sorted before they are compared, and the winner of each row counts.
def win_rate(ahead, behind):
    worth = {"first": 1, "tie": 0, "second": -1}
    a, b = sorted(worth[v] for v in ahead), sorted(worth[v] for v in behind)
    rate = np.mean([(np.sign(x - y) + 1) / 2 for x, y in zip(a, b)])
    return float(rate), float((sum(a) + sum(b)) / (4 * len(a)) + 0.5)
