# %% numpy
# The place of the last marker and of the last end before each token: the later one decides.
def loss_mask(tokens, assistant, end):
    tokens = np.asarray(tokens)
    places = np.arange(len(tokens))

    def last_before(special):
        seen = np.maximum.accumulate(np.where(tokens == special, places, -1))
        return np.concatenate(([-1], seen))[:-1]

    return (last_before(assistant) > last_before(end)).astype(int).tolist()


# %% piece by piece
# Cuts the conversation behind each end token and writes each piece at once.
def loss_mask(tokens, assistant, end):
    mask, rest = [], list(tokens)
    while rest:
        length = rest.index(end) + 1 if end in rest else len(rest)
        piece, rest = rest[:length], rest[length:]
        before = piece.index(assistant) + 1 if assistant in piece else length
        mask += [0] * before + [1] * (length - before)
    return mask
