# %% the second one | says: this is the probability of the second | falls: visible
# The difference is the wrong way round.
def preference_probability(first, second, slip):
    p = 1 / (1 + np.exp(first - second))
    return (1 - slip) * p + slip * (1 - p)


# %% share of the rewards | says: this is the share of the rewards | falls: visible
# Rewards are taken for strengths that are never negative.
def preference_probability(first, second, slip):
    p = first / (first + second)
    return (1 - slip) * p + slip * (1 - p)


# %% slips left out | says: the slips are left out | falls: visible
# The labeler of the textbook is never careless.
def preference_probability(first, second, slip):
    return 1 / (1 + np.exp(second - first))


# %% slip gives nothing back | says: a slip takes away and gives nothing back | falls: visible
# Who wants the second and slips isn't counted.
def preference_probability(first, second, slip):
    return (1 - slip) / (1 + np.exp(second - first))


# %% slip to either | says: after a slip the labeler says the opposite | falls: visible
# A slip is taken for a coin.
def preference_probability(first, second, slip):
    return (1 - slip) / (1 + np.exp(second - first)) + slip / 2


# %% both exponentials | says: the exponential of each reward overflows | falls: hidden
# A softmax of two rewards in its textbook form.
def preference_probability(first, second, slip):
    p = np.exp(first) / (np.exp(first) + np.exp(second))
    return (1 - slip) * p + slip * (1 - p)


# %% exponential above and below | says: infinity divided by infinity | falls: hidden
# The other way to write the sigmoid, without a thought for large differences.
def preference_probability(first, second, slip):
    odds = np.exp(first - second)
    p = odds / (1 + odds)
    return (1 - slip) * p + slip * (1 - p)
