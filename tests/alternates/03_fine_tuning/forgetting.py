# %% sums in dictionaries
# Goes through the documents once and adds up.
def forgetting(before, after, tokens, kinds):
    nats, count = {}, {}
    for kind, low, high, n in zip(kinds, before, after, tokens, strict=True):
        nats[kind] = nats.get(kind, 0.0) + high - low
        count[kind] = count.get(kind, 0) + n
    rises = {kind: nats[kind] / count[kind] for kind in nats}
    return rises, math.exp(sum(nats.values()) / sum(count.values()))
