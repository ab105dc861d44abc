# %% windows of words
# Compares lists of words, place by place.
def keyword_filter(request, phrases):
    clean = "".join(c if c.isalpha() else " " for c in request.lower())
    words, found = clean.split(), []
    for phrase in phrases:
        parts_ = phrase.split(" ")
        if any(words[i : i + len(parts_)] == parts_ for i in range(len(words))):
            found.append(phrase)
    return found


# %% pattern with borders
# One regular expression for each phrase, on the cleaned request.
def keyword_filter(request, phrases):
    text = re.sub("[^a-z]+", " ", request.lower())
    return [p for p in phrases if re.search(rf"(?:^| ){p}(?: |$)", text)]
