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
