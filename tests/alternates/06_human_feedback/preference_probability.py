# %% logaddexp, and two ways added
# The logarithm of the sigmoid in a stable form; wanting and slipping are added up.
def preference_probability(first, second, slip):
    wants_first = np.exp(-np.logaddexp(0.0, second - first))
    wants_second = np.exp(-np.logaddexp(0.0, first - second))
    return wants_first * (1 - slip) + wants_second * slip


# %% hyperbolic tangent
# The sigmoid is half of one plus the tangent of half the difference.
def preference_probability(first, second, slip):
    return 0.5 + (0.5 - slip) * np.tanh((first - second) / 2)


# %% one at a time, with a case for each side
# The exponential never grows: its argument is minus the size of the difference.
def preference_probability(first, second, slip):
    import math

    chances = []
    for gap in (first - second).tolist():
        small = math.exp(-abs(gap))
        wants = 1 / (1 + small) if gap >= 0 else small / (1 + small)
        chances.append((1 - slip) * wants + slip * (1 - wants))
    return np.array(chances)


# %% torch's sigmoid
# Through a tensor and back to numpy.
def preference_probability(first, second, slip):
    wants = torch.sigmoid(torch.from_numpy(first) - torch.from_numpy(second)).numpy()
    return (1 - slip) * wants + slip * (1 - wants)


# %% a softmax of both rewards
# Subtracts the larger of the two, and mixes both probabilities by a matrix of slips.
def preference_probability(first, second, slip):
    both = np.stack([first, second])
    both = np.exp(both - both.max(axis=0))
    return (np.array([1 - slip, slip]) @ both) / both.sum(axis=0)
