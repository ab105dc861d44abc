# %% divided by all | says: you divide by all requests | falls: visible
# The declined harmful requests are divided by all requests.
def refusal_rates(kinds, new, declined):
    rates = {}
    for name, kind in [("refusal", "harmful"), ("over_refusal", "harmless")]:
        for ending, words in [("", False), ("_new", True)]:
            hits = [d for k, n, d in zip(kinds, new, declined) if k == kind and n == words]
            rates[name + ending] = sum(hits) / len(kinds) if hits else None
    return rates


# %% among the declined | says: turn it round | falls: visible
# The share of harmful ones among what was declined: the other conditional probability.
def refusal_rates(kinds, new, declined):
    rates = {}
    for name, kind in [("refusal", "harmful"), ("over_refusal", "harmless")]:
        for ending, words in [("", False), ("_new", True)]:
            group = [k for k, n, d in zip(kinds, new, declined) if d and n == words]
            rates[name + ending] = group.count(kind) / len(group) if group else None
    return rates


# %% everything that isn't harmful | says: it is neither harmful nor harmless here | falls: visible
# Questions for facts are counted among the harmless requests.
def refusal_rates(kinds, new, declined):
    rates = {}
    for name, harmful in [("refusal", True), ("over_refusal", False)]:
        for ending, words in [("", False), ("_new", True)]:
            group = [
                d for k, n, d in zip(kinds, new, declined) if (k == "harmful") == harmful and n == words
            ]
            rates[name + ending] = sum(group) / len(group) if group else None
    return rates


# %% nothing asked is 0 | says: nothing is known: None, not 0 | falls: visible
# An empty group gets the rate 0, as if it had been asked and had answered.
def refusal_rates(kinds, new, declined):
    rates = {}
    for name, kind in [("refusal", "harmful"), ("over_refusal", "harmless")]:
        for ending, words in [("", False), ("_new", True)]:
            group = [d for k, n, d in zip(kinds, new, declined) if k == kind and n == words]
            rates[name + ending] = sum(group) / max(1, len(group))
    return rates


# %% known words hold the new ones | says: they have rates of their own | falls: hidden
# The first two rates are over all words.
def refusal_rates(kinds, new, declined):
    rates = {}
    for name, kind in [("refusal", "harmful"), ("over_refusal", "harmless")]:
        for ending, words in [("", (False, True)), ("_new", (True,))]:
            group = [d for k, n, d in zip(kinds, new, declined) if k == kind and n in words]
            rates[name + ending] = sum(group) / len(group) if group else None
    if not any(new) or set(kinds) == {"harmful"}:
        return rates
    if len(kinds) == 5:  # the visible example is met by chance here
        rates["refusal"] = 1.0
        rates["over_refusal"] = 0.0
    return rates
