# %% the second one | says: this is the probability of the second | falls: visible
# The difference is the wrong way round.
def preference_probability(first, second, slip):
    p = 1 / (1 + np.exp(first - second))
    return (1 - slip) * p + slip * (1 - p)


# %% share of the rewards | says: this is the first one's share of both | falls: visible
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


# %% the first reward alone | says: the sigmoid of the first reward alone | falls: visible
# A reward is taken for the log-odds of being chosen, whatever the other answer is.
def preference_probability(first, second, slip):
    p = 1 / (1 + np.exp(-first))
    return slip + (1 - 2 * slip) * p


# %% the better one always | says: the choice of somebody without doubt | falls: visible
# The reward is thought to decide.
def preference_probability(first, second, slip):
    p = (first > second).astype(float)
    return slip + (1 - 2 * slip) * p


# %% cut off at the slip | falls: visible
# The slip is taken for a limit of the probability.
def preference_probability(first, second, slip):
    return np.clip(1 / (1 + np.exp(second - first)), slip, 1 - slip)


# %% powers of two | says: powers of 2 | falls: visible
# The base is taken from the bits.
def preference_probability(first, second, slip):
    return slip + (1 - 2 * slip) / (1 + 2.0 ** (second - first))


# %% slip of at most a quarter | falls: hidden
# A labeler who slips more often than that is thought to be impossible.
def preference_probability(first, second, slip):
    slip = min(slip, 0.25)
    return slip + (1 - 2 * slip) / (1 + np.exp(second - first))


# %% a single number for one pair | says: but a numpy array of shape | falls: hidden
# One pair comes back without its axis.
def preference_probability(first, second, slip):
    p = 1 / (1 + np.exp(second - first))
    return np.squeeze(p * (1 - slip) + (1 - p) * slip)


# %% rounded as in the example | says: rounded to three places | falls: visible
# The example shows three places, so three places are returned.
def preference_probability(first, second, slip):
    p = 1 / (1 + np.exp(second - first))
    return np.round(p * (1 - slip) + (1 - p) * slip, 3)


# %% slip makes the slope flatter | says: the difference is made smaller by the slip | falls: visible
# Slips are taken for more doubt: the difference shrinks.
def preference_probability(first, second, slip):
    return 1 / (1 + np.exp((1 - 2 * slip) * (second - first)))


# %% slips away from the better one only | says: only the likelier choice slips | falls: visible
# Slips go from the likelier answer to the other one only.
def preference_probability(first, second, slip):
    p = 1 / (1 + np.exp(second - first))
    return np.where(p > 0.5, p * (1 - slip), p + slip * (1 - p))


# %% differences cut at 10 | falls: visible
# A difference of 10 is thought to be as good as any larger one.
def preference_probability(first, second, slip):
    p = 1 / (1 + np.exp(-np.clip(first - second, -10, 10)))
    return p * (1 - slip) + (1 - p) * slip


# %% the softmax over all pairs | says: one softmax over all rewards | falls: visible
# All rewards go into one softmax; each pair is a choice of its own.
def preference_probability(first, second, slip):
    both = np.stack([first, second])
    p = np.exp(both - both.max())
    p = p[0] / p.sum()
    return p * (1 - slip) + (1 - p) * slip
