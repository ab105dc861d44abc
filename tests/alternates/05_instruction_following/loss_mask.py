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


# %% cut at the end tokens, with a string
# The kinds of the tokens as signs, and a pattern that finds each answer with its end.
def loss_mask(tokens, assistant, end):
    import re

    signs = "".join("a" if t == assistant else "e" if t == end else "w" for t in tokens)
    mask = [0] * len(signs)
    for answer in re.finditer("(?<=a)w*e?", signs):
        mask[answer.start() : answer.end()] = [1] * (answer.end() - answer.start())
    return mask


# %% on a list that is eaten up
# Takes the tokens off the argument one by one: a function may change what it is given.
def loss_mask(tokens, assistant, end):
    mask, answering = [], 0
    while tokens:
        token = tokens.pop(0)
        mask += [answering]
        answering = {assistant: 1, end: 0}.get(token, answering)
    return mask


# %% a running state
# accumulate carries "inside" along; the mask is the state before each token.
def loss_mask(tokens, assistant, end):
    from itertools import accumulate

    change = {assistant: 1, end: 0}
    states = accumulate(tokens, lambda state, token: change.get(token, state), initial=0)
    return [state for state, _ in zip(states, tokens, strict=False)]
