# %% Counter and regular expression
# Counts by collections.Counter, merges by one substitution over a text with a separator.
import re
from collections import Counter


def merge_step(tokens):
    (pair, _), *_ = Counter(zip(tokens, tokens[1:])).most_common(1)
    border = "\x00"
    text = border + border.join(tokens) + border
    first, second = (re.escape(token) for token in pair)
    text = re.sub(f"(?<={border}){first}{border}{second}(?={border})", "".join(pair), text)
    return pair, text[1:-1].split(border)


# %% recursion
# Counts with list.count and merges by taking the text apart from its head.
def merge_step(tokens):
    pairs = [(tokens[i], tokens[i + 1]) for i in range(len(tokens) - 1)]
    best = max(pairs, key=pairs.count)

    def glue(rest):
        if len(rest) < 2:
            return list(rest)
        if (rest[0], rest[1]) == best:
            return [rest[0] + rest[1], *glue(rest[2:])]
        return [rest[0], *glue(rest[1:])]

    return best, glue(tokens)


# %% numpy positions
# Positions of pairs in a table of truth values; a run of hits is thinned out from the left.
from collections import Counter


def merge_step(tokens):
    pairs = list(zip(tokens[:-1], tokens[1:]))
    counts = Counter(pairs)
    best = min(counts, key=lambda pair: (-counts[pair], pairs.index(pair)))
    taken = [False] * len(tokens)
    for i, pair in enumerate(pairs):
        taken[i] = pair == best and not (i > 0 and taken[i - 1])
    return best, [
        token + tokens[i + 1] if taken[i] else token
        for i, token in enumerate(tokens)
        if i == 0 or not taken[i - 1]
    ]


# %% the new list grows at its end
# A token is glued to the last one of the new list; a glued one is longer than the pair's first.
from itertools import pairwise
from statistics import mode


def merge_step(tokens):
    pair = mode(pairwise(tokens))
    merged = []
    for token in tokens:
        if merged and (merged[-1], token) == pair:
            merged[-1] += token
        else:
            merged.append(token)
    return pair, merged


# %% changes the list in place
# Each pair found is put in the place of its two tokens; the count is a table of all places.
def merge_step(tokens):
    pairs = [(a, b) for a, b in zip(tokens[:-1], tokens[1:])]
    pair = min(pairs, key=lambda p: (-pairs.count(p), pairs.index(p)))
    i = 0
    while i + 1 < len(tokens):
        if (tokens[i], tokens[i + 1]) == pair:
            tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
        i += 1
    return list(pair), tuple(tokens)
