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
