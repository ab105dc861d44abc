# %% mean of means | says: add up first | falls: visible
# A short document counts as much as a long one.
def forgetting(before, after, tokens, kinds):
    rise = (after - before) / tokens
    rises = {k: float(rise[np.array(kinds) == k].mean()) for k in set(kinds)}
    return rises, float(np.exp((after - before).sum() / tokens.sum()))


# %% never below zero | says: a rise below 0 stays below 0 | falls: visible
# Forgetting is taken to have no opposite.
def forgetting(before, after, tokens, kinds):
    rise, of = after - before, np.array(kinds)
    rises = {k: max(0.0, float(rise[of == k].sum() / tokens[of == k].sum())) for k in set(kinds)}
    return rises, float(np.exp(rise.sum() / tokens.sum()))


# %% a ratio of losses | says: divide those, not the losses | falls: visible
# Perplexity is taken for the loss.
def forgetting(before, after, tokens, kinds):
    rise, of = after - before, np.array(kinds)
    rises = {k: float(rise[of == k].sum() / tokens[of == k].sum()) for k in set(kinds)}
    return rises, float(after.sum() / before.sum())


# %% kinds alike | says: weighs each kind the same | falls: visible
# The factor is computed from the kinds' rises.
def forgetting(before, after, tokens, kinds):
    rise, of = after - before, np.array(kinds)
    rises = {k: float(rise[of == k].sum() / tokens[of == k].sum()) for k in set(kinds)}
    return rises, float(np.exp(np.mean(list(rises.values()))))


# %% runs of a kind | says: which is not right | falls: hidden
# A kind that comes again later starts anew, and the earlier part is lost.
def forgetting(before, after, tokens, kinds):
    rises, start = {}, 0
    for i in range(1, len(kinds) + 1):
        if i == len(kinds) or kinds[i] != kinds[start]:
            part = slice(start, i)
            rises[kinds[start]] = float((after - before)[part].sum() / tokens[part].sum())
            start = i
    return rises, float(np.exp((after - before).sum() / tokens.sum()))
