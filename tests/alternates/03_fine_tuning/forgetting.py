# %% sums in dictionaries
# Goes through the documents once and adds up.
def forgetting(before, after, tokens, kinds):
    nats, count = {}, {}
    for kind, low, high, n in zip(kinds, before, after, tokens, strict=True):
        nats[kind] = nats.get(kind, 0.0) + high - low
        count[kind] = count.get(kind, 0) + n
    rises = {kind: nats[kind] / count[kind] for kind in nats}
    return rises, math.exp(sum(nats.values()) / sum(count.values()))


# %% weighted means
# Takes the mean of the rises by document, weighed by tokens.
def forgetting(before, after, tokens, kinds):
    each = (after - before) / tokens
    names, place = np.unique(kinds, return_inverse=True)
    rises = {
        str(name): float(np.average(each[place == i], weights=tokens[place == i]))
        for i, name in enumerate(names)
    }
    return rises, float(np.exp(np.average(each, weights=tokens)))


# %% in the caller's arrays
# Subtracts in place, and divides the two perplexities.
def forgetting(before, after, tokens, kinds):
    total = tokens.sum()
    factor = math.exp(after.sum() / total) / math.exp(before.sum() / total)
    after -= before
    rises = {}
    while kinds:
        rows = [i for i, k in enumerate(kinds) if k == kinds[0]]
        rises[kinds[0]] = after[rows].sum() / tokens[rows].sum()
        others = [i for i in range(len(kinds)) if i not in rows]
        after, tokens, kinds = after[others], tokens[others], [kinds[i] for i in others]
    return rises, factor


# %% pandas
# A table of the documents, added up by kind; the factor from numpy's own numbers.
def forgetting(before, after, tokens, kinds):
    import pandas as pd

    table = pd.DataFrame({"kind": kinds, "rise": after - before, "tokens": tokens})
    sums = table.groupby("kind", sort=False)[["rise", "tokens"]].sum()
    whole = sums.sum()
    return (sums["rise"] / sums["tokens"]).to_dict(), np.exp(whole["rise"] / whole["tokens"])
