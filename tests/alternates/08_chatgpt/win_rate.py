# %% counting
# Counts wins and ties in both lists.
def win_rate(ahead, behind):
    showings = len(ahead) + len(behind)
    ties = (ahead.count("tie") + behind.count("tie")) / 2
    mine = ahead.count("first") + behind.count("second") + ties
    place = ahead.count("first") + behind.count("first") + ties
    return mine / showings, place / showings
