# %% wins for each loss | says: how many wins there are for each loss | falls: visible
# A share is mixed up with odds: the wins are divided by the losses, not by all comparisons.
def win_share(wins, losses):
    return wins / losses


# %% percent | says: this is a percentage | falls: visible
# The share is given in percent, though a number from 0 to 1 is asked for.
def win_share(wins, losses):
    return 100 * wins / (wins + losses)


# %% whole division | says: it cuts off everything behind the point | falls: visible
# The two division signs of Python are taken for the same.
def win_share(wins, losses):
    return wins // (wins + losses)


# %% number of the example | says: solves the example, not the task | falls: hidden
# The number of comparisons is read off the example and written into the function.
def win_share(wins, losses):
    return wins / 20


# %% rounded | says: is rounded | falls: hidden
# The result is rounded for people to read, inside of the function that computes it.
def win_share(wins, losses):
    return round(wins / (wins + losses), 2)
