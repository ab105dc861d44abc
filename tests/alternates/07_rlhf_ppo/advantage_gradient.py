# %% short formulas
# The mean is p times what a pay lies above the usual one; the noise is a mean square minus a square.
def advantage_gradient(probabilities, pays, baseline):
    mean = probabilities * (pays - probabilities @ pays)
    length = 1 - 2 * probabilities + probabilities @ probabilities
    noise = probabilities @ ((pays - baseline) ** 2 * length) - mean @ mean
    return mean, float(noise)


# %% loops
# Arm by arm in plain Python.
def advantage_gradient(probabilities, pays, baseline):
    arms = range(len(pays))
    g = [[(pays[a] - baseline) * ((k == a) - probabilities[k]) for k in arms] for a in arms]
    mean = [sum(probabilities[a] * g[a][k] for a in arms) for k in arms]
    noise = sum(probabilities[a] * sum((g[a][k] - mean[k]) ** 2 for k in arms) for a in arms)
    return np.array(mean), float(noise)


# %% covariance
# The noise is the sum of the variances of all entries.
def advantage_gradient(probabilities, pays, baseline):
    pays -= baseline
    table = pays[:, None] * np.eye(len(pays)) - np.outer(pays, probabilities)
    mean = np.average(table, axis=0, weights=probabilities)
    spread = np.average(table**2, axis=0, weights=probabilities) - mean**2
    return mean, spread.sum()
