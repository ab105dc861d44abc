# %% log_space
# Subtracts the logarithm of the sum, then takes the exponential.
def shares(scores):
    scores = np.asarray(scores, dtype=float)
    return np.exp(scores - np.logaddexp.reduce(scores))
