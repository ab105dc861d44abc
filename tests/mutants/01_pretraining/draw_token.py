# %% most likely token | says: u is not used | falls: visible
# Drawing is taken for choosing the best.
def draw_token(probabilities, u):
    return int(np.argmax(probabilities))


# %% equal pieces | says: all tokens get pieces of the same width | falls: visible
# u picks a token as if all were equally likely.
def draw_token(probabilities, u):
    return int(u * len(probabilities))


# %% right end included | says: a piece includes its left end | falls: visible
# The running sum may be equal to u, so the border belongs to the token before.
def draw_token(probabilities, u):
    token = int(np.searchsorted(np.cumsum(probabilities), u, side="left"))
    return min(token, int(np.flatnonzero(probabilities)[-1]))


# %% no such token | says: there is no such token | falls: hidden
# Nothing is done for a sum that rounding leaves below u.
def draw_token(probabilities, u):
    return int(np.searchsorted(np.cumsum(probabilities), u, side="right"))


# %% last of the vocabulary | says: the last token has probability 0 and was drawn | falls: hidden
# The search is cut off at the end of the vocabulary, even where that token is impossible.
def draw_token(probabilities, u):
    token = int(np.searchsorted(np.cumsum(probabilities), u, side="right"))
    return min(token, len(probabilities) - 1)


# %% nothing found gives 0 | says: fell back on token 0 | falls: hidden
# argmax over "sum above u" gives 0 when no sum is above u.
def draw_token(probabilities, u):
    return int(np.argmax(np.cumsum(probabilities) > u))


# %% sorted by size | says: the pieces are sorted by size | falls: visible
# The line begins with the most likely token, as top-p does.
def draw_token(probabilities, u):
    order = np.argsort(-probabilities, kind="stable")
    place = np.searchsorted(np.cumsum(probabilities[order]), u, side="right")
    return int(order[min(place, np.count_nonzero(probabilities) - 1)])
