# %% the word before is ignored | says: the most frequent one of the whole text | falls: visible
# A model is thought to write the commonest word, whatever comes before it.
def next_word(words, word):
    return max(words, key=words.count)


# %% looks back | says: comes before `word` | falls: visible
# The neighbour on the wrong side is counted.
def next_word(words, word):
    before = [words[i - 1] for i in range(1, len(words)) if words[i] == word]
    return max(before, key=before.count)


# %% first place only | says: is the one after the first | falls: visible
# The text is searched for the word, and the search ends at the first place.
def next_word(words, word):
    return words[words.index(word) + 1]


# %% last of equals | says: the one that follows last | falls: visible
# The best so far is replaced by a word that is only as good.
def next_word(words, word):
    followers = [after for before, after in zip(words, words[1:]) if before == word]
    best = followers[0]
    for candidate in dict.fromkeys(followers):
        if followers.count(candidate) >= followers.count(best):
            best = candidate
    return best


# %% the text as a ring | says: you went on at its start | falls: hidden
# Index -1 is the last word in Python, so the first word counts as its follower.
def next_word(words, word):
    followers = [words[i] for i in range(len(words)) if words[i - 1] == word]
    return max(followers, key=followers.count)


# %% parts of words | says: compare whole words | falls: hidden
# `in` is used for "is the same word" and is also true for a part of a word.
def next_word(words, word):
    followers = [after for before, after in zip(words, words[1:]) if word in before]
    return max(followers, key=followers.count)


# %% first to reach the count | says: reached its count first | falls: hidden
# Of equals the one is kept whose count was complete first.
def next_word(words, word):
    counts, best = {}, None
    for before, after in zip(words, words[1:]):
        if before == word:
            counts[after] = counts.get(after, 0) + 1
            if best is None or counts[after] > counts[best]:
                best = after
    return best


# %% last place only | says: is the one after the last place only | falls: visible
# Each place overwrites what was found at the one before.
def next_word(words, word):
    for before, after in zip(words, words[1:]):
        if before == word:
            found = after
    return found


# %% first in the alphabet | says: first in the alphabet | falls: visible
# Of equals the one is taken that a sorted list has first.
def next_word(words, word):
    followers = [after for before, after in zip(words, words[1:]) if before == word]
    return max(sorted(followers), key=followers.count)


# %% capitals don't count | says: compare the strings as they are | falls: hidden
# Words are compared in small letters, though the text says that "The" isn't "the".
def next_word(words, word):
    pairs = zip(words, words[1:])
    followers = [after for before, after in pairs if before.lower() == word.lower()]
    return max(followers, key=followers.count)


# %% regular expression | says: passed over such places | falls: hidden
# The joined text is searched, and matches don't overlap: a follower that is the word itself is
# used up by the match.
import re


def next_word(words, word):
    after = re.findall(r"(?<!\S)" + re.escape(word) + r" (\S+)", " ".join(words))
    return max(after, key=after.count)


# %% never itself | says: passed over such places | falls: hidden
# A word is thought to be no follower of itself.
def next_word(words, word):
    pairs = zip(words, words[1:])
    followers = [after for before, after in pairs if before == word and after != word]
    return max(followers, key=followers.count)


# %% without the end | falls: hidden
# The last word is cut off so that nothing is asked past the end; then it is no follower either.
def next_word(words, word):
    words = words[:-1]
    followers = [after for before, after in zip(words, words[1:]) if before == word]
    return max(followers, key=followers.count)


# %% earliest word of the text | falls: hidden
# Of equals the one is taken that is first anywhere in the text, after `word` or not.
def next_word(words, word):
    followers = [after for before, after in zip(words, words[1:]) if before == word]
    return max(sorted(set(followers), key=words.index), key=followers.count)


# %% the commoner of equals | falls: hidden
# Of equals the one is taken that is more frequent in the whole text.
def next_word(words, word):
    followers = [after for before, after in zip(words, words[1:]) if before == word]
    return max(followers, key=lambda w: (followers.count(w), words.count(w)))


# %% marks don't count | says: marks belong to the string | falls: hidden
# Punctuation is taken off before words are compared.
def next_word(words, word):
    bare = [w.strip(".,!?") for w in words]
    followers = [after for before, after in zip(bare, words[1:]) if before == word.strip(".,!?")]
    return max(followers, key=followers.count)


# %% followers in small letters | falls: hidden
# The word is compared as it is, but its followers are counted in small letters.
def next_word(words, word):
    followers = [after.lower() for before, after in zip(words, words[1:]) if before == word]
    return max(followers, key=followers.count)


# %% letters composed | falls: hidden
# A letter and its accent are put together before the words are compared.
import unicodedata


def next_word(words, word):
    words = [unicodedata.normalize("NFC", w) for w in words]
    word = unicodedata.normalize("NFC", word)
    followers = [after for before, after in zip(words, words[1:]) if before == word]
    return max(followers, key=followers.count)


# %% with its count | says: a string | falls: visible
# The word comes back with its count, as `most_common` gives it.
def next_word(words, word):
    followers = [after for before, after in zip(words, words[1:]) if before == word]
    best = max(followers, key=followers.count)
    return best, followers.count(best)


# %% two words later | falls: visible
# The place is counted from the word after, so that one word is skipped.
def next_word(words, word):
    followers = [words[i + 2] for i in range(len(words) - 2) if words[i] == word]
    return max(followers, key=followers.count)
