# %% all arms count the same | says: all arms count the same | falls: visible
# A plain mean over the arms.
def advantage_gradient(probabilities, pays, baseline):
    g = (pays - baseline)[:, None] * (np.eye(len(pays)) - probabilities)
    return g.mean(axis=0), float(((g - g.mean(axis=0)) ** 2).sum(axis=1).mean())


# %% no - p | says: the - p is missing | falls: visible
# The one-hot vector alone is taken for the gradient.
def advantage_gradient(probabilities, pays, baseline):
    g = (pays - baseline)[:, None] * np.eye(len(pays))
    mean = probabilities @ g
    return mean, float(probabilities @ ((g - mean) ** 2).sum(axis=1))


# %% own pulls only | says: a pull moves all logits | falls: visible
# Only the diagonal of the table is used.
def advantage_gradient(probabilities, pays, baseline):
    g = (pays - baseline) * (1 - probabilities)
    mean = probabilities * g
    return mean, float(probabilities @ g**2 - mean @ mean)


# %% mean squared length | says: this is the mean squared length | falls: visible
# The distance is taken from 0 instead of from the mean.
def advantage_gradient(probabilities, pays, baseline):
    g = (pays - baseline)[:, None] * (np.eye(len(pays)) - probabilities)
    return probabilities @ g, float(probabilities @ (g**2).sum(axis=1))


# %% standard deviation | says: this is the square root | falls: visible
# The noise is given as a length.
def advantage_gradient(probabilities, pays, baseline):
    g = (pays - baseline)[:, None] * (np.eye(len(pays)) - probabilities)
    mean = probabilities @ g
    return mean, float(np.sqrt(probabilities @ ((g - mean) ** 2).sum(axis=1)))


# %% the baseline is ignored | says: the baseline has no effect | falls: visible
# Right on average, as the lesson says; only the noise shows it.
def advantage_gradient(probabilities, pays, baseline):
    g = pays[:, None] * (np.eye(len(pays)) - probabilities)
    mean = probabilities @ g
    return mean, float(probabilities @ ((g - mean) ** 2).sum(axis=1))


# %% the baseline goes into the mean | says: which is not right | falls: hidden
# The baseline is taken off the result as well, as if it had to be paid back: 0 in the example.
def advantage_gradient(probabilities, pays, baseline):
    g = (pays - baseline)[:, None] * (np.eye(len(pays)) - probabilities)
    mean = probabilities @ g
    noise = float(probabilities @ ((g - mean) ** 2).sum(axis=1))
    return mean - baseline * probabilities, noise


# %% the expected pay as baseline | says: take off `baseline` | falls: visible
# The usual baseline is taken, and not the one that was given.
def advantage_gradient(probabilities, pays, baseline):
    advantages = pays - probabilities @ pays
    table = advantages[:, None] * (np.eye(len(pays)) - probabilities)
    mean = probabilities @ table
    return mean, float(probabilities @ ((table - mean) ** 2).sum(axis=1))


# %% mean over the entries | says: add its squared entries up | falls: visible
# The squared distance is averaged over the logits.
def advantage_gradient(probabilities, pays, baseline):
    g = (pays - baseline)[:, None] * (np.eye(len(pays)) - probabilities)
    mean = probabilities @ g
    return mean, float(probabilities @ ((g - mean) ** 2).mean(axis=1))


# %% sum of the estimates | says: weigh each by the probability of its arm | falls: visible
# How likely an arm is pulled is forgotten in the mean.
def advantage_gradient(probabilities, pays, baseline):
    g = (pays - baseline)[:, None] * (np.eye(len(pays)) - probabilities)
    mean = g.sum(axis=0)
    return mean, float(probabilities @ ((g - mean) ** 2).sum(axis=1))


# %% down instead of up | says: the sign is wrong | falls: visible
# The gradient of a loss.
def advantage_gradient(probabilities, pays, baseline):
    g = (pays - baseline)[:, None] * (probabilities - np.eye(len(pays)))
    mean = probabilities @ g
    return mean, float(probabilities @ ((g - mean) ** 2).sum(axis=1))


# %% the size of the advantage | falls: hidden
# A pull below the baseline is taken to teach as much as one above it: right while all pay more.
def advantage_gradient(probabilities, pays, baseline):
    advantages = np.abs(pays - baseline) if baseline < 0 else pays - baseline
    g = advantages[:, None] * (np.eye(len(pays)) - probabilities)
    mean = probabilities @ g
    return mean, float(probabilities @ ((g - mean) ** 2).sum(axis=1))
