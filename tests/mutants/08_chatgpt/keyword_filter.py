# %% parts of words | says: is a part of 'earlier' here | falls: visible
# `in` finds "lie" inside "earlier".
def keyword_filter(request, phrases):
    return [phrase for phrase in phrases if phrase in request.lower()]


# %% capitals count | says: capitals don't count | falls: visible
# The request isn't turned into small letters.
def keyword_filter(request, phrases):
    words = " ".join(re.findall("[A-Za-z]+", request))
    return [phrase for phrase in phrases if f" {phrase} " in f" {words} "]


# %% marks stick to words | says: the question mark isn't a part of the word | falls: visible
# Words are cut at spaces alone, so "hide?" isn't "hide".
def keyword_filter(request, phrases):
    words = " ".join(request.lower().replace("!", "").split())
    return [phrase for phrase in phrases if f" {phrase} " in f" {words} "]


# %% yes or no | says: return the list of the phrases | falls: visible
# The filter says whether it blocks, and not why.
def keyword_filter(request, phrases):
    words = " ".join(re.findall("[a-z]+", request.lower()))
    return any(f" {phrase} " in f" {words} " for phrase in phrases)


# %% any word of a phrase | says: one word of a phrase isn't enough | falls: visible
# A phrase is found as soon as one of its words is there.
def keyword_filter(request, phrases):
    words = re.findall("[a-z]+", request.lower())
    return [phrase for phrase in phrases if any(word in words for word in phrase.split())]


# %% words anywhere | says: the words of a phrase must come in a row | falls: hidden
# All words of the phrase are there, in whatever order and wherever.
def keyword_filter(request, phrases):
    words = re.findall("[a-z]+", request.lower())
    return [phrase for phrase in phrases if all(word in words for word in phrase.split())]


# %% first phrase only | says: only the first phrase that was found is returned | falls: hidden
# The search stops as soon as the request is to be blocked.
def keyword_filter(request, phrases):
    words = " ".join(re.findall("[a-z]+", request.lower()))
    for phrase in phrases:
        if f" {phrase} " in f" {words} ":
            return [phrase]
    return []


# %% border on the left only | says: only whole words count | falls: hidden
# A phrase must begin at a word, and may end inside one.
def keyword_filter(request, phrases):
    words = " ".join(re.findall("[a-z]+", request.lower()))
    found = [phrase for phrase in phrases if f" {phrase}" in f" {words} "]
    return [p for p in found if " " in p or f" {p} " in f" {words} "]
