# %% forward pass alone | says: this is the cost of reading alone | falls: visible
# The gradient is forgotten: 2 N D.
def training_compute(parameters, tokens):
    flop = 2.0 * parameters * tokens
    return flop, flop / (1e15 * 86400)


# %% seconds for days | says: these are petaflop/s-seconds | falls: visible
# A petaflop/s-day is taken for 10 to the power of 15 operations.
def training_compute(parameters, tokens):
    flop = 6.0 * parameters * tokens
    return flop, flop / 1e15


# %% teraflop | says: these are teraflop/s-days | falls: visible
# Peta is taken for 10 to the power of 12.
def training_compute(parameters, tokens):
    flop = 6.0 * parameters * tokens
    return flop, flop / (1e12 * 86400)


# %% hours for days | says: these are petaflop/s-hours | falls: visible
# The day is taken for 3600 seconds.
def training_compute(parameters, tokens):
    flop = 6.0 * parameters * tokens
    return flop, flop / (1e15 * 3600)


# %% whole numbers overflow | says: the product is too large for int64 | falls: hidden
# The product is built of whole numbers; Python's own never overflow, numpy's do.
def training_compute(parameters, tokens):
    flop = 6 * parameters * tokens
    return flop * 1.0, flop / (1e15 * 86400)
