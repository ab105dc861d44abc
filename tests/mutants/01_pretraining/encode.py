# %% first pair in the word | says: (b, c) was learned first | falls: visible
# The leftmost pair that is in the list is glued, whatever its place in the list.
def encode(word, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            return tokens
        best = known[0]
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == best else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued


# %% learned last goes first | says: (b, c) was learned first | falls: visible
# The ranks are read the wrong way round.
def encode(word, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            return tokens
        best = max(known, key=ranks.get)
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == best else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued


# %% one pass over the list | says: you go through the list once | falls: hidden
# Each merge has its turn once; a pair that appears later is missed.
def encode(word, merges):
    tokens = list(word)
    for pair in merges:
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == pair else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued
    return tokens


# %% longest known token | says: only pairs of the list are glued | falls: visible
# From the left the longest token of the vocabulary is cut off, as WordPiece does.
def encode(word, merges):
    known = {a + b for a, b in merges}
    tokens, i = [], 0
    while i < len(word):
        end = next((e for e in range(len(word), i, -1) if word[i:e] in known), i + 1)
        tokens.append(word[i:end])
        i = end
    return tokens


# %% only the letters | says: glue the pairs that are in the list | falls: visible
# The word is cut into letters and nothing is glued.
def encode(word, merges):
    return list(word)


# %% joined again | says: return a list with one string for each token | falls: visible
# The tokens are joined to one string.
def encode(word, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            return "".join(tokens)
        best = min(known, key=ranks.get)
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == best else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued


# %% right to left | says: this goes from right to left | falls: visible
# A pair is glued from the end of the word.
def encode(word, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            return tokens
        best = min(known, key=ranks.get)
        glued, i = [], len(tokens)
        while i > 0:
            width = 2 if i > 1 and tuple(tokens[i - 2 : i]) == best else 1
            glued.insert(0, "".join(tokens[i - width : i]))
            i -= width
        tokens = glued


# %% first place only | says: only the first place is glued | falls: visible
# Each merge is used at one place of the word.
def encode(word, merges):
    tokens = list(word)
    for pair in merges:
        for i in range(len(tokens) - 1):
            if (tokens[i], tokens[i + 1]) == pair:
                tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
                break
    return tokens


# %% one place at a time | says: one place is glued at a time | falls: hidden
# After each single gluing the earliest pair is looked for again.
def encode(word, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            return tokens
        best = min(known, key=ranks.get)
        i = list(zip(tokens, tokens[1:])).index(best)
        tokens[i : i + 2] = ["".join(best)]


# %% compares glued text | says: (b, cd) isn't (bc, d) | falls: visible
# A pair matches if its glued text is that of a merge.
def encode(word, merges):
    ranks = {}
    for rank, (a, b) in enumerate(merges):
        ranks.setdefault(a + b, rank)
    tokens = list(word)
    while True:
        known = [a + b for a, b in zip(tokens, tokens[1:]) if a + b in ranks]
        if not known:
            return tokens
        best = min(known, key=ranks.get)
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if i + 1 < len(tokens) and tokens[i] + tokens[i + 1] == best else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued


# %% a space between the tokens | falls: hidden
# The tokens are kept as words of a text, so a space in the word is lost.
def encode(word, merges):
    text = " ".join(word)
    while True:
        tokens = text.split()
        known = [pair for pair in merges if pair in set(zip(tokens, tokens[1:]))]
        if not known:
            return tokens
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == known[0] else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        text = " ".join(glued)


# %% empty word | says: this is a list with an empty string | falls: visible
# An empty word gives a list with an empty token.
def encode(word, merges):
    if not word:
        return [word]
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            return tokens
        best = min(known, key=ranks.get)
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == best else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued


# %% middle letter twice | says: the middle letter is used twice | falls: visible
# After a glued pair the position moves by one only.
def encode(word, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in ranks]
        if not known:
            return tokens
        best = min(known, key=ranks.get)
        glued, used = [], False
        for i, token in enumerate(tokens):
            hit = tuple(tokens[i : i + 2]) == best
            if hit:
                glued.append("".join(best))
            elif not used:
                glued.append(token)
            used = hit
        tokens = glued


# %% small letters | falls: hidden
# The word is put into small letters first, as some tokenizers do.
def encode(word, merges):
    tokens = list(word.lower())
    while True:
        known = [pair for pair in merges if pair in list(zip(tokens, tokens[1:]))]
        if not known:
            return tokens
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == known[0] else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued


# %% one merge only | falls: visible
# The earliest pair is glued everywhere, and that is taken for all.
def encode(word, merges):
    tokens = list(word)
    there = list(zip(tokens, tokens[1:]))
    best = next((pair for pair in merges if pair in there), None)
    glued, i = [], 0
    while i < len(tokens):
        width = 2 if tuple(tokens[i : i + 2]) == best else 1
        glued.append("".join(tokens[i : i + width]))
        i += width
    return glued


# %% never back in the list | says: after each gluing look for the earliest pair again | falls: hidden
# The search for the next pair goes on where the last one was in the list, and never before it.
def encode(word, merges):
    tokens, first = list(word), 0
    while True:
        there = list(zip(tokens, tokens[1:]))
        ranks = [rank for rank, pair in enumerate(merges) if rank >= first and pair in there]
        if not ranks:
            return tokens
        first, glued, i = ranks[0], [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == merges[first] else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued


# %% the whole word without merges | falls: hidden
# Where no merge is known the word itself comes back, as one token.
def encode(word, merges):
    if not merges:
        return [word] if word else []
    tokens = list(word)
    while True:
        known = [pair for pair in merges if pair in list(zip(tokens, tokens[1:]))]
        if not known:
            return tokens
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == known[0] else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued


# %% most frequent in the word | falls: hidden
# The pair that is most frequent in the word is glued, as in learning a merge.
def encode(word, merges):
    tokens = list(word)
    while True:
        there = list(zip(tokens, tokens[1:]))
        known = [pair for pair in merges if pair in there]
        if not known:
            return tokens
        best = max(known, key=there.count)
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == best else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued


# %% spaces taken off | falls: hidden
# Spaces around the word are dropped, though they belong to its tokens.
def encode(word, merges):
    tokens = list(word.strip())
    while True:
        known = [pair for pair in merges if pair in list(zip(tokens, tokens[1:]))]
        if not known:
            return tokens
        glued, i = [], 0
        while i < len(tokens):
            width = 2 if tuple(tokens[i : i + 2]) == known[0] else 1
            glued.append("".join(tokens[i : i + width]))
            i += width
        tokens = glued
