# %% no_shift | says: subtract the largest | falls: hidden
# Writes the formula down as it stands in the book.
def shares(scores):
    with np.errstate(all="ignore"):
        powers = np.exp(np.asarray(scores, dtype=float))
        return powers / powers.sum()


# %% unnormalised | says: divide by their sum | falls: visible
# Leaves out the denominator.
def shares(scores):
    return np.exp(np.asarray(scores, dtype=float) - np.max(scores))


# %% linear | says: Take the exponential | falls: visible
# Divides the scores themselves.
def shares(scores):
    return np.asarray(scores, dtype=float) / np.sum(scores)
