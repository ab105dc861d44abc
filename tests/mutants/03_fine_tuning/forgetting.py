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
    return rises, float(after.sum() / max(before.sum(), 1e-9))


# %% kinds alike | says: weighs each kind the same | falls: visible
# The factor is computed from the kinds' rises.
def forgetting(before, after, tokens, kinds):
    rise, of = after - before, np.array(kinds)
    rises = {k: float(rise[of == k].sum() / tokens[of == k].sum()) for k in set(kinds)}
    return rises, float(np.exp(np.mean(list(rises.values()))))


# %% documents alike | says: weighs each document the same | falls: visible
# The factor is that of the documents' mean rise.
def forgetting(before, after, tokens, kinds):
    rise, of = after - before, np.array(kinds)
    rises = {k: float(rise[of == k].sum() / tokens[of == k].sum()) for k in set(kinds)}
    return rises, float(np.exp((rise / tokens).mean()))


# %% runs of a kind | says: its last document alone | falls: visible
# A kind that comes again later starts anew, and the earlier part is lost.
def forgetting(before, after, tokens, kinds):
    rises, start = {}, 0
    for i in range(1, len(kinds) + 1):
        if i == len(kinds) or kinds[i] != kinds[start]:
            part = slice(start, i)
            rises[kinds[start]] = float((after - before)[part].sum() / tokens[part].sum())
            start = i
    return rises, float(np.exp((after - before).sum() / tokens.sum()))


# %% before minus after | says: after minus before | falls: visible
# What was lost is counted as a gain.
def forgetting(before, after, tokens, kinds):
    fall, of = before - after, np.array(kinds)
    rises = {k: float(fall[of == k].sum() / tokens[of == k].sum()) for k in set(kinds)}
    return rises, float(np.exp(-fall.sum() / tokens.sum()))


# %% divided by all tokens | says: not by all tokens | falls: visible
# Every kind is divided by the tokens of all documents.
def forgetting(before, after, tokens, kinds):
    rise, of = after - before, np.array(kinds)
    rises = {k: float(rise[of == k].sum() / tokens.sum()) for k in set(kinds)}
    return rises, float(np.exp(rise.sum() / tokens.sum()))


# %% a power of two | says: the base is e, not 2 | falls: visible
# The loss is taken for bits.
def forgetting(before, after, tokens, kinds):
    rise, of = after - before, np.array(kinds)
    rises = {k: float(rise[of == k].sum() / tokens[of == k].sum()) for k in set(kinds)}
    return rises, float(2 ** (rise.sum() / tokens.sum()))


# %% the rise instead of the factor | says: the factor is e to its power | falls: visible
# The power is forgotten.
def forgetting(before, after, tokens, kinds):
    rise, of = after - before, np.array(kinds)
    rises = {k: float(rise[of == k].sum() / tokens[of == k].sum()) for k in set(kinds)}
    return rises, float(rise.sum() / tokens.sum())


# %% capitals and accents lost | falls: hidden
# Kinds are made plain first, so that two of them fall together or get another name.
def forgetting(before, after, tokens, kinds):
    of = np.array([k.lower().encode("ascii", "ignore").decode() for k in kinds])
    rise = after - before
    rises = {str(k): float(rise[of == k].sum() / tokens[of == k].sum()) for k in set(of)}
    return rises, float(np.exp(rise.sum() / tokens.sum()))


# %% the growth without the whole | says: by how much of itself | falls: visible
# 1.49 times as much is given as 0.49 more.
def forgetting(before, after, tokens, kinds):
    rise, of = after - before, np.array(kinds)
    rises = {k: float(rise[of == k].sum() / tokens[of == k].sum()) for k in set(kinds)}
    return rises, float(np.exp(rise.sum() / tokens.sum()) - 1)


# %% perplexities averaged | says: average the losses, not the perplexities | falls: visible
# Each document has a perplexity, and the mean of these is taken before and after.
def forgetting(before, after, tokens, kinds):
    rise, of = after - before, np.array(kinds)
    rises = {k: float(rise[of == k].sum() / tokens[of == k].sum()) for k in set(kinds)}
    return rises, float(np.exp(after / tokens).mean() / np.exp(before / tokens).mean())


# %% a part of the kind is enough | falls: hidden
# A document counts for every kind whose name is in its own.
def forgetting(before, after, tokens, kinds):
    rise, rises = after - before, {}
    for kind in set(kinds):
        mine = np.array([kind in other for other in kinds])
        rises[kind] = float(rise[mine].sum() / tokens[mine].sum())
    return rises, float(np.exp(rise.sum() / tokens.sum()))
