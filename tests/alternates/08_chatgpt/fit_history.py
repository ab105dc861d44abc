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
