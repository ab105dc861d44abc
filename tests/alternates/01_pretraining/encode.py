# %% going through the list again
# The first merge of the list that fits is glued everywhere; then the list begins anew.
def encode(word, merges):
    tokens = list(word)
    again = True
    while again:
        again = False
        for a, b in merges:
            out = []
            for token in tokens:
                if out and out[-1] == (a, False) and token == b:
                    out[-1] = (a + b, True)
                else:
                    out.append((token, False))
            if any(done for _, done in out):
                tokens = [token for token, _ in out]
                again = True
                break
    return tokens


# %% recursion and substitution
# A text with separators; each round is one substitution of a regular expression.
import re


def encode(word, merges):
    def rounds(text):
        for a, b in merges:
            pattern = f"(?<=\x00){re.escape(a)}\x00{re.escape(b)}(?=\x00)"
            new, count = re.subn(pattern, lambda hit: hit[0].replace("\x00", ""), text)
            if count:
                return rounds(new)
        return text

    text = rounds("\x00" + "".join(letter + "\x00" for letter in word))
    return [token for token in text.split("\x00") if token]


# %% cuts
# Keeps the places where the word is cut, and takes cuts away.
def encode(word, merges):
    cuts = list(range(len(word) + 1))

    def pieces():
        return [word[a:b] for a, b in zip(cuts, cuts[1:])]

    while True:
        now = pieces()
        pairs = set(zip(now, now[1:]))
        pair = next((pair for pair in merges if pair in pairs), None)
        if pair is None:
            return now
        gone, i = set(), 0
        while i + 1 < len(now):
            if (now[i], now[i + 1]) == pair:
                gone.add(cuts[i + 1])
                i += 1
            i += 1
        cuts = [cut for cut in cuts if cut not in gone]


# %% glued at the end of the new list
# The new list grows, and each token is glued to its last one where the two are the pair.
def encode(word, merges):
    tokens = [*word]
    while pairs := set(merges) & set(zip(tokens, tokens[1:])):
        pair, new = min(pairs, key=merges.index), []
        for token in tokens:
            if new and (new[-1], token) == pair:
                new[-1] += token
            else:
                new.append(token)
        tokens = new
    return tokens
