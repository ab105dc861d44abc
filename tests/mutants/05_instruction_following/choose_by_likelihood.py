# %% the last of equals | says: the first is chosen | falls: hidden
# A score that is as high replaces the choice.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    choice = max(range(len(scores)), key=lambda i: (scores[i], i))
    return choice, scores


# %% the lowest score | says: choose the highest | falls: visible
# The scores are taken for losses.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(min(scores)), scores


# %% options from 1 | says: options are counted from 0 | falls: visible
# The options are numbered as on paper.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)) + 1, scores


# %% the score as the choice | says: the number of the option is asked for | falls: visible
# The highest score is returned in place of its number.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return max(scores), scores


# %% always chosen by the sum | says: choose by the scores that the rule gives | falls: visible
# The rule changes the scores, but the choice was made before.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    choice = scores.index(max(scores))
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return choice, scores


# %% no mean | says: divide each by its option's number of tokens | falls: visible
# The rule "mean" is forgotten.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        pass
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% by the longest | says: each has its own number | falls: visible
# All options are divided by one length.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        longest = max(len(row) for row in logprobs)
        scores = [s / longest for s in scores]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% by the number of options | says: divide by tokens | falls: visible
# The mean is taken over the options.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(logprobs) for s in scores]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% mean of probabilities | says: take the mean of the logarithms | falls: visible
# The probabilities of the tokens are averaged, then the logarithm is taken.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [float(np.log(np.mean(np.exp(row)))) for row in logprobs]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% perplexity | says: these are perplexities | falls: visible
# The mean is turned into a perplexity.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [float(np.exp(-np.mean(row))) for row in logprobs]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% gain turned round | says: turn it round | falls: visible
# The sum after the question is subtracted from the one alone.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [sum(row) - s for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% gain per token | says: it is the difference of the two sums | falls: visible
# The gain is divided by the option's tokens.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [(s - sum(row)) / len(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% quotient of the sums | says: is a difference of logarithms | falls: visible
# The paper divides probabilities; here the logarithms are divided.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s / (sum(row) or 1) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% mean of alone | says: take its sum | falls: visible
# A mean is subtracted from a sum.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) / len(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% size of the gain | says: an option can lose by the question | falls: visible
# The gain is taken without its sign.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [abs(s - sum(row)) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% farthest from 0 | says: choose the highest | falls: hidden
# The largest gain is looked for by its size.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    if rule == "gain":
        return scores.index(max(scores, key=abs)), scores
    return scores.index(max(scores)), scores


# %% alone whenever it is given | says: `alone` counts only with 'gain' | falls: visible
# The rule isn't looked at, only whether there is something to subtract.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if alone is not None:
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% best from 0 | says: choose_by_likelihood, the choice | falls: hidden
# The search for the best begins at a score that a long option never reaches.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    choice, best = 0, -100.0
    for i, score in enumerate(scores):
        if score > best:
            choice, best = i, score
    return choice, scores


# %% probabilities multiplied | says: add logarithms | falls: hidden
# The product of the tokens' probabilities is 0 in floats for a long option.
def choose_by_likelihood(logprobs, alone, rule):
    with np.errstate(all="ignore"):
        scores = [float(np.log(np.prod(np.exp(row)))) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% rounded | says: return them as they are | falls: hidden
# The scores are rounded to two digits.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), [round(s, 2) for s in scores]


# %% only the last token | says: choose_by_likelihood, the scores by 'sum' | falls: visible
# The last token's log-probability is taken for that of the whole option.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(row[-1]) for row in logprobs]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% only the options of one length | says: choose_by_likelihood, the scores by 'sum' | falls: visible
# zip over all options ends with the shortest of them.
def choose_by_likelihood(logprobs, alone, rule):
    columns = list(zip(*logprobs))  # noqa: B905
    scores = [float(sum(column[i] for column in columns)) for i in range(len(logprobs))]
    if rule == "mean":
        scores = [s / len(row) for s, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [s - sum(row) for s, row in zip(scores, alone, strict=True)]
    return scores.index(max(scores)), scores


# %% the shorter of equals | falls: hidden
# Of options that share the highest score, the one with the fewest tokens is taken.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [score / len(row) for score, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [score - sum(row) for score, row in zip(scores, alone, strict=True)]
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], len(logprobs[i])))
    return order[0], scores


# %% nearly equal is equal | falls: hidden
# The first option within a hundredth of the highest score is chosen.
def choose_by_likelihood(logprobs, alone, rule):
    scores = [float(sum(row)) for row in logprobs]
    if rule == "mean":
        scores = [score / len(row) for score, row in zip(scores, logprobs, strict=True)]
    if rule == "gain":
        scores = [score - sum(row) for score, row in zip(scores, alone, strict=True)]
    return next(i for i, score in enumerate(scores) if score >= max(scores) - 0.01), scores
