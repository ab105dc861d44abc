# %% loop
# Walks along the line and subtracts pieces; remembers the last possible token.
def draw_token(probabilities, u):
    right_end, last = 0.0, 0
    for token, p in enumerate(probabilities):
        if p == 0:
            continue
        right_end += p
        last = token
        if u < right_end:
            return token
    return last


# %% count of ends
# Counts how many running sums are not above u, among possible tokens only.
def draw_token(probabilities, u):
    possible = np.arange(len(probabilities))[np.asarray(probabilities) > 0]
    passed = np.sum(np.add.accumulate(probabilities)[possible] <= u)
    return int(possible[min(passed, len(possible) - 1)])
