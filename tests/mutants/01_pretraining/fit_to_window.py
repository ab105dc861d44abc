# %% keeps the beginning | says: the beginning is kept | falls: visible
# The text is cut at its end.
def fit_to_window(tokens, window, reserve):
    return tokens[: window - reserve]


# %% loses the start token | says: the start token is lost | falls: visible
# Only the end is kept.
def fit_to_window(tokens, window, reserve):
    return tokens[max(0, len(tokens) - (window - reserve)) :]


# %% no room for the answer | says: no room is left for the answer | falls: visible
# The whole window is filled with the text.
def fit_to_window(tokens, window, reserve):
    if len(tokens) <= window - reserve:
        return tokens
    return tokens[:1] + tokens[len(tokens) - window + 1 :]


# %% start token not counted | says: the start token takes a place too | falls: visible
# The start token is added to a full room.
def fit_to_window(tokens, window, reserve):
    room = window - reserve
    if len(tokens) <= room:
        return tokens
    return tokens[:1] + tokens[len(tokens) - room :]


# %% start token twice | says: the start token stands there twice | falls: visible
# A start token is put before every text, also before one that has it and fits.
def fit_to_window(tokens, window, reserve):
    room = window - reserve
    return tokens[:1] + tokens[max(0, len(tokens) - room + 1) :]


# %% slice from minus 0 | says: tokens[-0:] is the whole list | falls: hidden
# With room for the start token alone the slice tokens[-0:] is everything.
def fit_to_window(tokens, window, reserve):
    room = window - reserve
    if len(tokens) <= room:
        return tokens
    return tokens[:1] + tokens[-(room - 1) :]


# %% start token 0 | says: it isn't always the number 0 | falls: hidden
# The number of the start token is written down from the example.
def fit_to_window(tokens, window, reserve):
    room = window - reserve
    if len(tokens) <= room:
        return tokens
    return [0] + tokens[len(tokens) - room + 1 :]
