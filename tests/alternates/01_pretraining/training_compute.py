# %% days first
# Counts in units of a petaflop and of a day, and turns that back into operations.
def training_compute(parameters, tokens):
    days = (parameters / 1e9) * (tokens / 1e6) * 6 / (24 * 3600)
    return days * 86400 * 1e15, days


# %% numpy in floats
# Reads whatever comes in as an array of real numbers.
def training_compute(parameters, tokens):
    flop = np.multiply(np.asarray(parameters, float), np.asarray(tokens, float)) * (2 + 4)
    return flop, flop / np.prod([1e15, 24, 60, 60])
