# %% all pairs | says: these are all pairs | falls: visible
# `least` is left out.
def pairwise_accuracy(rewards, scores, least):
    i, j = np.triu_indices(rewards.shape[1], 1)
    gaps, own = scores[:, i] - scores[:, j], rewards[:, i] - rewards[:, j]
    right = np.sign(gaps) * np.sign(own)
    return gaps.size, float((1 + right).mean() / 2)


# %% strictly greater | says: a difference of exactly `least` is clear, too | falls: visible
# > instead of >=.
def pairwise_accuracy(rewards, scores, least):
    i, j = np.triu_indices(rewards.shape[1], 1)
    gaps, own = scores[:, i] - scores[:, j], rewards[:, i] - rewards[:, j]
    clear = np.abs(gaps) > least
    right = (np.sign(gaps) * np.sign(own))[clear]
    return int(clear.sum()), float((1 + right).mean() / 2)


# %% counted twice | says: each pair is counted twice | falls: visible
# All i and j that differ.
def pairwise_accuracy(rewards, scores, least):
    gaps = scores[:, :, None] - scores[:, None, :]
    own = rewards[:, :, None] - rewards[:, None, :]
    clear = np.abs(gaps) >= least
    right = (np.sign(gaps) * np.sign(own))[clear]
    return int(clear.sum()), float((1 + right).mean() / 2)


# %% across prompts | says: answers to different prompts are compared | falls: visible
# All answers are thrown together.
def pairwise_accuracy(rewards, scores, least):
    r, s = rewards.ravel(), scores.ravel()
    i, j = np.triu_indices(len(r), 1)
    clear = np.abs(s[i] - s[j]) >= least
    right = (np.sign(s[i] - s[j]) * np.sign(r[i] - r[j]))[clear]
    return int(clear.sum()), float((1 + right).mean() / 2)


# %% equal ones are wrong | says: equal rewards count as wrong | falls: visible
# The product of the differences must be above 0.
def pairwise_accuracy(rewards, scores, least):
    i, j = np.triu_indices(rewards.shape[1], 1)
    gaps, own = scores[:, i] - scores[:, j], rewards[:, i] - rewards[:, j]
    clear = np.abs(gaps) >= least
    return int(clear.sum()), float((gaps * own > 0)[clear].mean())


# %% mean over prompts | says: this is the mean over prompts | falls: hidden
# Each prompt counts the same, however many clear pairs it has.
def pairwise_accuracy(rewards, scores, least):
    count, shares = 0, []
    for r, s in zip(rewards, scores):
        i, j = np.triu_indices(len(r), 1)
        clear = np.abs(s[i] - s[j]) >= least
        if clear.any():
            right = (np.sign(s[i] - s[j]) * np.sign(r[i] - r[j]))[clear]
            count += int(clear.sum())
            shares.append((1 + right).mean() / 2)
    return count, float(np.mean(shares))


# %% least is 1 | says: 1 is taken for every | falls: hidden
# The example's value is written down.
def pairwise_accuracy(rewards, scores, least):
    i, j = np.triu_indices(rewards.shape[1], 1)
    gaps, own = scores[:, i] - scores[:, j], rewards[:, i] - rewards[:, j]
    clear = np.abs(gaps) >= 1
    right = (np.sign(gaps) * np.sign(own))[clear]
    return int(clear.sum()), float((1 + right).mean() / 2)
