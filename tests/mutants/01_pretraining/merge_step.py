# %% last of equals | says: occurs earlier in the text | falls: visible
# Of equally frequent pairs the one that comes last in the alphabet is taken.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    best = max(counts, key=lambda pair: (counts[pair], pair))
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == best:
            merged.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return best, merged


# %% only the first place | says: only the first pair is glued | falls: visible
# Merging is thought to happen at one place of the text, as a single replacement.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    best = max(counts, key=counts.get)
    i = list(zip(tokens, tokens[1:])).index(best)
    return best, [*tokens[:i], "".join(best), *tokens[i + 2 :]]


# %% token used twice | says: the middle token is used twice | falls: visible
# After a glued pair the position moves by one only, so overlapping pairs share a token.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    best = max(counts, key=counts.get)
    merged, used = [], False
    for i, token in enumerate(tokens):
        if tuple(tokens[i : i + 2]) == best:
            merged.append("".join(best))
            used = True
        else:
            if not used:
                merged.append(token)
            used = False
    return best, merged


# %% right to left | says: this goes from right to left | falls: visible
# The text is merged from its end, as if the direction didn't matter.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    best = max(counts, key=counts.get)
    merged, i = [], len(tokens)
    while i > 0:
        if i > 1 and tuple(tokens[i - 2 : i]) == best:
            merged.insert(0, "".join(best))
            i -= 2
        else:
            merged.insert(0, tokens[i - 1])
            i -= 1
    return best, merged


# %% counts without overlap | says: count every place where the two are neighbours | falls: hidden
# Pairs are counted as they would be merged: in 'a a a' the pair is found only once.
def merge_step(tokens):
    pairs = list(zip(tokens, tokens[1:]))

    def count(pair):
        total, i = 0, 0
        while i < len(pairs):
            if pairs[i] == pair:
                total += 1
                i += 1
            i += 1
        return total

    best = max(pairs, key=count)
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == best:
            merged.append("".join(best))
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return best, merged


# %% compares glued text | says: compare tokens, not glued text | falls: hidden
# A place matches when the glued text is the same, whatever the border between the two tokens.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    best = max(counts, key=counts.get)
    merged, i = [], 0
    while i < len(tokens):
        if i + 1 < len(tokens) and tokens[i] + tokens[i + 1] == best[0] + best[1]:
            merged.append(best[0] + best[1])
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return best, merged


# %% order of the pair ignored | says: the order counts | falls: hidden
# ('a', 'b') and ('b', 'a') are counted as one pair.
def merge_step(tokens):
    pairs = list(zip(tokens, tokens[1:]))
    best = max(pairs, key=lambda pair: pairs.count(pair) + pairs.count(pair[::-1]))
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == best:
            merged.append("".join(best))
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return best, merged


# %% first in the alphabet | says: occurs earlier in the text | falls: visible
# Of equally frequent pairs the one that comes first in the alphabet is taken.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    best = min(counts, key=lambda pair: (-counts[pair], pair))
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == best:
            merged.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return best, merged


# %% pair as one string | says: return it as a tuple of two strings | falls: visible
# The pair is returned as it looks after the gluing.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    best = max(counts, key=counts.get)
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == best:
            merged.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return "".join(best), merged


# %% later of equals by a sort | says: occurs earlier in the text | falls: visible
# A sort by count keeps the order, and its last entry is taken.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    best = sorted(counts, key=counts.get)[-1]
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == best:
            merged.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return best, merged


# %% the whole text as one string | says: return a list with one string for each token | falls: visible
# The merged tokens are joined to a text again.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 1
    best = max(counts, key=counts.get)
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == best:
            merged.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return best, "".join(merged)


# %% doubled letters don't count | falls: hidden
# A pair of two equal tokens is passed over.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + (pair[0] != pair[1])
    best = max(counts, key=counts.get)
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == best:
            merged.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return best, merged


# %% single letters only | falls: hidden
# Tokens that have been glued before aren't looked at: only pairs of single letters count.
def merge_step(tokens):
    counts = {}
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 0.001 + (len(pair[0]) == len(pair[1]) == 1)
    best = max(counts, key=counts.get)
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == best:
            merged.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return best, merged


# %% first to reach the count | says: reached its count first | falls: hidden
# Of equals the pair is kept whose count was complete first.
def merge_step(tokens):
    counts, best = {}, None
    for pair in zip(tokens, tokens[1:]):
        counts[pair] = counts.get(pair, 0) + 1
        if best is None or counts[pair] > counts[best]:
            best = pair
    merged, i = [], 0
    while i < len(tokens):
        width = 2 if tuple(tokens[i : i + 2]) == best else 1
        merged.append("".join(tokens[i : i + width]))
        i += width
    return best, merged


# %% never across a space | falls: hidden
# Words are thought to be apart already, so a pair with a space in it is passed over.
def merge_step(tokens):
    pairs = list(zip(tokens, tokens[1:]))
    inside = [pair for pair in pairs if " " not in pair] or pairs
    best = max(inside, key=inside.count)
    merged, i = [], 0
    while i < len(tokens):
        width = 2 if tuple(tokens[i : i + 2]) == best else 1
        merged.append("".join(tokens[i : i + width]))
        i += width
    return best, merged


# %% nothing below two | says: nothing is glued | falls: hidden
# A pair that occurs only once isn't thought to be worth a merge.
def merge_step(tokens):
    pairs = list(zip(tokens, tokens[1:]))
    best = max(pairs, key=pairs.count)
    merged, i = [], 0
    while i < len(tokens):
        hit = pairs.count(best) > 1 and tuple(tokens[i : i + 2]) == best
        merged.append("".join(tokens[i : i + 1 + hit]))
        i += 1 + hit
    return best, merged


# %% last token lost | says: the last token is lost | falls: visible
# The loop over pairs ends before the last token, which is lost where it isn't glued.
def merge_step(tokens):
    pairs = list(zip(tokens, tokens[1:]))
    best = max(pairs, key=pairs.count)
    merged, i = [], 0
    while i < len(tokens) - 1:
        width = 2 if pairs[i] == best else 1
        merged.append("".join(tokens[i : i + width]))
        i += width
    return best, merged


# %% replaced in a joined text | falls: hidden
# The tokens are joined with spaces, and the pair is replaced in the text, inside of tokens, too.
def merge_step(tokens):
    pairs = list(zip(tokens, tokens[1:]))
    best = max(pairs, key=pairs.count)
    text = "\n".join(tokens).replace("\n".join(best), "".join(best))
    return best, text.split("\n")


# %% capitals don't count | falls: hidden
# Letters are compared in small letters, so that "T" and "t" are one token.
def merge_step(tokens):
    small = [token.lower() for token in tokens]
    pairs = list(zip(small, small[1:]))
    at = pairs.index(max(pairs, key=pairs.count))
    merged, i = [], 0
    while i < len(tokens):
        width = 2 if tuple(small[i : i + 2]) == pairs[at] else 1
        merged.append("".join(tokens[i : i + width]))
        i += width
    return (tokens[at], tokens[at + 1]), merged


# %% longest of equals | falls: hidden
# Of equally frequent pairs the one that gives the longest token is taken.
def merge_step(tokens):
    pairs = list(zip(tokens, tokens[1:]))
    best = max(pairs, key=lambda pair: (pairs.count(pair), len(pair[0] + pair[1])))
    merged, i = [], 0
    while i < len(tokens):
        width = 2 if tuple(tokens[i : i + 2]) == best else 1
        merged.append("".join(tokens[i : i + width]))
        i += width
    return best, merged
