# %% one minus the rest
# What wasn't lost was won.
def win_share(wins, losses):
    return 1 - losses / (losses + wins)


# %% mean of ones and zeros
# A share is the mean of a list that has a 1 for each win and a 0 for each loss.
def win_share(wins, losses):
    return np.mean(np.repeat([1, 0], [wins, losses]))
