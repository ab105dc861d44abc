# %% counting
# Counts wins and ties in both lists.
def win_rate(ahead, behind):
    showings = len(ahead) + len(behind)
    ties = (ahead.count("tie") + behind.count("tie")) / 2
    mine = ahead.count("first") + behind.count("second") + ties
    place = ahead.count("first") + behind.count("first") + ties
    return mine / showings, place / showings


# %% one showing after the other
# Walks through both lists and adds up.
def win_rate(ahead, behind):
    mine = first = 0.0
    for verdicts, place in ((ahead, "first"), (behind, "second")):
        for verdict in verdicts:
            if verdict == "tie":
                mine += 0.5
                first += 0.5
            else:
                mine += verdict == place
                first += verdict == "first"
    n = len(ahead) + len(behind)
    return mine / n, first / n


# %% from minus one to one
# Counts a win as 1, a loss as -1, and moves the mean to the range from 0 to 1.
def win_rate(ahead, behind):
    worth = {"first": 1, "tie": 0, "second": -1}
    a = np.array([worth[v] for v in ahead])
    b = np.array([worth[v] for v in behind])
    return (1 + float((a - b).mean()) / 2) / 2, (1 + float((a + b).mean()) / 2) / 2


# %% in place
# Makes the first list longer by the second; the counts of both are taken before.
def win_rate(ahead, behind):
    n = len(ahead)
    mine = ahead.count("first") + behind.count("second")
    ahead += behind
    ties = ahead.count("tie") / 2
    return (mine + ties) / (2 * n), (ahead.count("first") + ties) / (2 * n)


# %% numpy and fractions
# Points as exact fractions; a numpy number for the place.
def win_rate(ahead, behind):
    from fractions import Fraction

    worth = {"first": Fraction(1), "tie": Fraction(1, 2), "second": Fraction(0)}
    rate = sum(worth[v] for v in ahead) + sum(1 - worth[v] for v in behind)
    place = np.mean([float(worth[v]) for v in [*ahead, *behind]])
    return rate / (len(ahead) + len(behind)), place


# %% B's side subtracted
# Counts what A lost, and takes it off everything.
def win_rate(ahead, behind):
    n = len(ahead)
    lost = ahead.count("second") + behind.count("first")
    tied = ahead.count("tie") + behind.count("tie")
    second = ahead.count("second") + behind.count("second")
    return 1 - (lost + tied / 2) / (2 * n), 1 - (second + tied / 2) / (2 * n)
