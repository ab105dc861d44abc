# %% drop from the front
# Starts with everything and takes the oldest turn away until it fits.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    kept = list(range(len(head), len(messages)))
    while kept:
        if sum(messages[i][1] for i in head + kept) <= window - reserve:
            return head + kept
        kept = kept[2:]
    return None


# %% running sums
# Looks for the earliest beginning by sums from the end.
def fit_history(messages, window, reserve):
    lengths = np.array([n for _, n in messages])
    first = 1 if messages[0][0] == "system" else 0
    room = window - reserve - lengths[:first].sum()
    starts = range(first, len(messages), 2)
    fits = [s for s in starts if lengths[s:].sum() <= room]
    if not fits:
        return None
    return [*range(first), *range(fits[0], len(messages))]


# %% a talk inside a talk
# Tries the whole talk; if it doesn't fit, asks itself about the talk without its oldest turn.
def fit_history(messages, window, reserve):
    first = 1 if messages[0][0] == "system" else 0
    if sum(tokens for _, tokens in messages) <= window - reserve:
        return list(range(len(messages)))
    if len(messages) - first < 3:
        return None
    shorter = messages[:first] + messages[first + 2 :]
    kept = fit_history(shorter, window, reserve)
    return kept and [i if i < first else i + 2 for i in kept]


# %% eats its list
# Takes messages off the list that it was given; nobody needs it any more.
def fit_history(messages, window, reserve):
    places = list(range(len(messages)))
    start = int(messages[0][0] == "system")
    while sum(n for _, n in messages) > window - reserve:
        if len(messages) - start == 1:
            return None
        del messages[start : start + 2], places[start : start + 2]
    return places


# %% the longest end that fits
# Tries where the talk may start, from the oldest turn on, and takes the first start that fits.
def fit_history(messages, window, reserve):
    head = sum(role == "system" for role, _ in messages)
    for start in range(head, len(messages), 2):
        kept = (*range(head), *range(start, len(messages)))
        if sum(messages[i][1] for i in kept) + reserve <= window:
            return list(kept)


# %% numpy sums
# Sums of the lengths from the end, by numpy; the answer is a list of numpy numbers.
def fit_history(messages, window, reserve):
    lengths = np.array([tokens for _, tokens in messages])
    head = 1 if messages[0][0] == "system" else 0
    rest = np.cumsum(lengths[::-1])[::-1]  # from here to the end
    starts = np.arange(head, len(messages), 2)
    fits = starts[rest[starts] + lengths[:head].sum() <= window - reserve]
    if fits.size == 0:
        return None
    return list(np.r_[0:head, fits[0] : len(messages)])
