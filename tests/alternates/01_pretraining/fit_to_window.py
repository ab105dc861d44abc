# %% drop one by one
# Removes the token after the start token until the text fits.
def fit_to_window(tokens, window, reserve):
    kept = list(tokens)
    while len(kept) > window - reserve:
        del kept[1]
    return kept


# %% deque
# A queue of limited length forgets its oldest tokens by itself.
from collections import deque


def fit_to_window(tokens, window, reserve):
    start, *rest = tokens
    return [start, *deque(rest, maxlen=window - reserve - 1)]
