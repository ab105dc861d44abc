# %% Counter
# collections.Counter counts, and keeps equals in the order in which they came.
from collections import Counter


def next_word(words, word):
    counts = Counter(after for before, after in zip(words, words[1:]) if before == word)
    return counts.most_common(1)[0][0]


# %% sorting
# Sorts the followers by count and by the place where they come first.
def next_word(words, word):
    places = [i + 1 for i in range(len(words) - 1) if words[i] == word]
    followers = [words[i] for i in places]
    return sorted(followers, key=lambda w: (-followers.count(w), followers.index(w)))[0]


# %% from one place to the next
# `index` finds the next place each time; a dictionary keeps the order in which words came first.
def next_word(words, word):
    counts, place = {}, -1
    while True:
        try:
            place = words.index(word, place + 1, len(words) - 1)
        except ValueError:
            return max(counts, key=counts.get)
        counts[words[place + 1]] = counts.get(words[place + 1], 0) + 1


# %% uses up its argument
# Takes the text apart from its end; the list is empty afterwards.
def next_word(words, word):
    followers, after = [], words.pop()
    while words:
        before = words.pop()
        if before == word:
            followers.insert(0, after)
        after = before
    return max(followers, key=followers.count)


# %% statistics.mode
# The standard library knows the most frequent one, and takes the first of equals.
from statistics import mode


def next_word(words, word):
    return mode(after for before, after in zip(words, words[1:]) if before == word)


# %% backwards, with at least as many
# From the end to the beginning, the last one that is at least as frequent is the first of equals.
def next_word(words, word):
    followers = [words[i] for i in range(len(words) - 1, 0, -1) if words[i - 1] == word]
    best = followers[0]
    for one in followers:
        if followers.count(one) >= followers.count(best):
            best = one
    return best
