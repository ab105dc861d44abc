# %% exact sums and a fold
# Adds with fsum, and keeps the best so far, which only a strictly higher score replaces.
def choose_by_likelihood(logprobs, alone, rule):
    from math import fsum

    less = alone if rule == "gain" else [[0.0]] * len(logprobs)
    scores = [fsum([*row, *(-x for x in base)]) for row, base in zip(logprobs, less, strict=True)]
    if rule == "mean":
        scores = [score / len(row) for score, row in zip(scores, logprobs, strict=True)]
    choice = 0
    for i, score in enumerate(scores):
        if score > scores[choice]:
            choice = i
    return choice, scores


# %% a padded table
# All options in one array, with zeros after the short ones, and a count of tokens.
def choose_by_likelihood(logprobs, alone, rule):
    def sums(rows):
        table = np.zeros((len(rows), max(map(len, rows))))
        for line, row in zip(table, rows, strict=True):
            line[: len(row)] = row
        return table.sum(axis=1)

    scores = sums(logprobs)
    if rule == "mean":
        scores = scores / np.array([len(row) for row in logprobs])
    if rule == "gain":
        scores = scores - sums(alone)
    return int(scores.argmax()), scores.tolist()


# %% a table of rules, token by token
# One function for each rule; the gain is added up from the gains of the tokens.
def choose_by_likelihood(logprobs, alone, rule):
    rules = {
        "sum": lambda i: float(np.sum(logprobs[i])),
        "mean": lambda i: float(np.mean(logprobs[i])),
        "gain": lambda i: sum(q - a for q, a in zip(logprobs[i], alone[i], strict=True)),
    }
    scores = [rules[rule](i) for i in range(len(logprobs))]
    return sorted(range(len(scores)), key=scores.__getitem__, reverse=True)[0], scores


# %% one long row
# All tokens of all options in one array, added up from the place where each option begins.
def choose_by_likelihood(logprobs, alone, rule):
    lengths = np.array([len(row) for row in logprobs])
    starts = np.cumsum(lengths) - lengths
    values = np.concatenate(logprobs)
    if rule == "gain":
        values = values - np.concatenate(alone)
    scores = np.add.reduceat(values, starts)
    scores = scores / lengths if rule == "mean" else scores
    return np.argmax(scores), list(scores)
