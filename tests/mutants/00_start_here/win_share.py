# %% wins for each loss | says: how many wins there are for each loss | falls: visible
# A share is mixed up with odds: the wins are divided by the losses, not by all comparisons.
def win_share(wins, losses):
    return wins / losses


# %% percent | says: this is a percentage | falls: visible
# The share is given in percent, though a number from 0 to 1 is asked for.
def win_share(wins, losses):
    return 100 * wins / (wins + losses)


# %% whole division | says: it drops the decimals | falls: visible
# The two division signs of Python are taken for the same.
def win_share(wins, losses):
    return wins // (wins + losses)


# %% the old model's share | says: share of the losses | falls: visible
# The share is that of the other model.
def win_share(wins, losses):
    return losses / (wins + losses)


# %% the lead | says: how far the wins are ahead | falls: visible
# How much more often the new model won is taken for how often it won.
def win_share(wins, losses):
    return (wins - losses) / (wins + losses)


# %% one is added | says: one comparison too many | falls: visible
# One is added to the whole, so that nothing is ever divided by 0; then no share is right.
def win_share(wins, losses):
    return wins / (wins + losses + 1)


# %% number of the example | says: solves the example, not the task | falls: hidden
# The number of comparisons is read off the example and written into the function.
def win_share(wins, losses):
    return wins / 20


# %% rounded | says: is rounded | falls: hidden
# The result is rounded for people to read, inside of the function that computes it.
def win_share(wins, losses):
    return round(wins / (wins + losses), 2)


# %% the winner's share | says: the larger number isn't always | falls: hidden
# In the example the new model wins, so the larger number is taken for its wins.
def win_share(wins, losses):
    return max(wins, losses) / (wins + losses)


# %% no losses, no share | falls: hidden
# Against a division by 0 the function gives up whenever one of the two is 0.
def win_share(wins, losses):
    if wins == 0 or losses == 0:
        return 0.0
    return wins / (wins + losses)


# %% smoothed | falls: visible
# A win and a loss are added to the counts, so that no share is ever 0 or 1.
def win_share(wins, losses):
    return (wins + 1) / (wins + losses + 2)


# %% four places | falls: hidden
# The share is rounded to four places, which a share with few decimals survives.
def win_share(wins, losses):
    return round(wins / (wins + losses), 4)


# %% a text | says: but a number is asked for | falls: visible
# The share is written out as people read it, and so it is a string.
def win_share(wins, losses):
    return f"{wins / (wins + losses):.2f}"


# %% whole percent first | falls: hidden
# The share is computed in whole percent, and what is left over is dropped.
def win_share(wins, losses):
    return 100 * wins // (wins + losses) / 100
