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


# %% mean over prompts | says: this is the mean over prompts | falls: visible
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


# %% close rewards are equal | falls: hidden
# Rewards that differ by less than 0.05 count as equal.
def pairwise_accuracy(rewards, scores, least):
    i, j = np.triu_indices(rewards.shape[1], 1)
    gaps, own = scores[:, i] - scores[:, j], rewards[:, i] - rewards[:, j]
    own[np.abs(own) < 0.05] = 0
    clear = np.abs(gaps) >= least
    return int(clear.sum()), float((1 + (np.sign(gaps) * np.sign(own))[clear]).mean() / 2)


# %% a clear reward is asked for | falls: hidden
# The rewards, too, have to differ by `least`, though their scale is another one.
def pairwise_accuracy(rewards, scores, least):
    i, j = np.triu_indices(rewards.shape[1], 1)
    gaps, own = scores[:, i] - scores[:, j], rewards[:, i] - rewards[:, j]
    own = np.where(np.abs(own) >= min(least, 0.4), own, 0)
    clear = np.abs(gaps) >= least
    return int(clear.sum()), float((1 + (np.sign(gaps) * np.sign(own))[clear]).mean() / 2)


# %% equal ones left out | says: equal rewards are left out | falls: visible
# A tie is thought to say nothing.
def pairwise_accuracy(rewards, scores, least):
    i, j = np.triu_indices(rewards.shape[1], 1)
    gaps, own = scores[:, i] - scores[:, j], rewards[:, i] - rewards[:, j]
    clear = np.abs(gaps) >= least
    decided = clear & (own != 0)
    return int(clear.sum()), float((gaps * own > 0)[decided].mean())


# %% equal ones are right | says: equal rewards count as right | falls: visible
# The product of the differences isn't below 0.
def pairwise_accuracy(rewards, scores, least):
    i, j = np.triu_indices(rewards.shape[1], 1)
    gaps, own = scores[:, i] - scores[:, j], rewards[:, i] - rewards[:, j]
    clear = np.abs(gaps) >= least
    return int(clear.sum()), float((gaps * own >= 0)[clear].mean())


# %% divided by all pairs | says: divide by the clear ones | falls: visible
# The mean runs over all pairs, with nothing for those that aren't clear.
def pairwise_accuracy(rewards, scores, least):
    i, j = np.triu_indices(rewards.shape[1], 1)
    gaps, own = scores[:, i] - scores[:, j], rewards[:, i] - rewards[:, j]
    clear = np.abs(gaps) >= least
    return int(clear.sum()), float((clear * (1 + np.sign(gaps) * np.sign(own))).mean() / 2)


# %% equal by numpy's tolerance | falls: hidden
# np.isclose takes large rewards for equal that differ by little.
def pairwise_accuracy(rewards, scores, least):
    i, j = np.triu_indices(rewards.shape[1], 1)
    gaps = scores[:, i] - scores[:, j]
    own = np.where(
        np.isclose(rewards[:, i], rewards[:, j], atol=0.01), 0, rewards[:, i] - rewards[:, j]
    )
    clear = np.abs(gaps) >= least
    return int(clear.sum()), float((1 + (np.sign(gaps) * np.sign(own))[clear]).mean() / 2)


# %% a billionth is no difference | says: close rewards aren't equal | falls: hidden
# Rewards that differ by less than a billionth count as equal.
def pairwise_accuracy(rewards, scores, least):
    one, two = np.triu_indices(rewards.shape[1], k=1)
    gaps = scores[:, one] - scores[:, two]
    clear = np.abs(gaps) >= least
    own = rewards[:, one] - rewards[:, two]
    own[np.abs(own) < 1e-9] = 0
    return int(clear.sum()), float((1 + np.sign(gaps * own)[clear]).mean() / 2)


# %% in single precision | says: close rewards aren't equal | falls: hidden
# Rewards are turned into float32, in which close ones become equal.
def pairwise_accuracy(rewards, scores, least):
    rewards = rewards.astype(np.float32)
    one, two = np.triu_indices(rewards.shape[1], k=1)
    gaps = scores[:, one] - scores[:, two]
    clear = np.abs(gaps) >= least
    signs = np.sign(gaps) * np.sign(rewards[:, one] - rewards[:, two])
    return int(clear.sum()), float((1 + signs[clear]).mean() / 2)


# %% the best and the worst | falls: visible
# Only the best answer of a prompt is compared with the worst.
def pairwise_accuracy(rewards, scores, least):
    count = right = 0
    for own, true in zip(rewards, scores):
        up, down = true.argmax(), true.argmin()
        if true[up] - true[down] >= least:
            count += 1
            right += (1 + np.sign(own[up] - own[down])) / 2
    return count, float(right / max(count, 1))


# %% one side only | falls: visible
# A pair is seen only where the earlier answer is the better one.
def pairwise_accuracy(rewards, scores, least):
    one, two = np.triu_indices(rewards.shape[1], k=1)
    gaps = scores[:, one] - scores[:, two]
    clear = gaps >= least
    signs = np.sign(rewards[:, one] - rewards[:, two])
    return int(clear.sum()), float((1 + signs[clear]).mean() / 2) if clear.any() else 0.0


# %% clear rewards in place of clear scores | says: the rewards decide which pairs are clear | falls: visible
# The reward's difference decides which pairs are clear.
def pairwise_accuracy(rewards, scores, least):
    one, two = np.triu_indices(rewards.shape[1], k=1)
    own = rewards[:, one] - rewards[:, two]
    clear = np.abs(own) >= least
    signs = np.sign(own) * np.sign(scores[:, one] - scores[:, two])
    return int(clear.sum()), float((1 + signs[clear]).mean() / 2) if clear.any() else 0.0


# %% three answers | falls: hidden
# The pairs are written out for three answers.
def pairwise_accuracy(rewards, scores, least):
    count, right = 0, 0.0
    for own, true in zip(rewards, scores):
        for i, j in [(0, 1), (0, 2), (1, 2)]:
            if j < len(own) and abs(true[i] - true[j]) >= least:
                count += 1
                right += (1 + np.sign((own[i] - own[j]) * (true[i] - true[j]))) / 2
    return count, float(right / max(count, 1))


# %% larger differences weigh more | says: pairs are weighed by how far | falls: visible
# Each pair counts by how far its scores are apart.
def pairwise_accuracy(rewards, scores, least):
    one, two = np.triu_indices(rewards.shape[1], k=1)
    gaps = scores[:, one] - scores[:, two]
    clear = np.abs(gaps) >= least
    points = (1 + np.sign(gaps) * np.sign(rewards[:, one] - rewards[:, two])) / 2
    return int(clear.sum()), float((points * np.abs(gaps))[clear].sum() / np.abs(gaps[clear]).sum())
