# %% loops over combinations
# Pair by pair, with points of 1, one half and 0.
def pairwise_accuracy(rewards, scores, least):
    from itertools import combinations

    points = []
    for r, s in zip(rewards.tolist(), scores.tolist()):
        for i, j in combinations(range(len(r)), 2):
            if abs(s[i] - s[j]) < least:
                continue
            if s[i] < s[j]:
                i, j = j, i
            points.append((r[i] > r[j]) + 0.5 * (r[i] == r[j]))
    return len(points), sum(points) / len(points)


# %% better against worse, from both sides once
# Takes only the places where the first is better by `least`; so each pair comes once.
def pairwise_accuracy(rewards, scores, least):
    better = scores[:, :, None] - scores[:, None, :] >= least
    own = rewards[:, :, None] - rewards[:, None, :]
    won = (own > 0).astype(float) + (own == 0) / 2
    return int(better.sum()), float(won[better].sum() / better.sum())


# %% prompt by prompt, with np.select
# Adds up points over prompts; clear pairs are found once, by the better answer.
def pairwise_accuracy(rewards, scores, least):
    count, points = 0, 0.0
    for own, true in zip(rewards, scores):
        up, down = np.nonzero(np.subtract.outer(true, true) >= least)
        count += len(up)
        points += np.select([own[up] > own[down], own[up] == own[down]], [1.0, 0.5], 0.0).sum()
    return count, points / count


# %% fractions
# Exact fractions for the points, and numpy's own whole number for the count.
def pairwise_accuracy(rewards, scores, least):
    from fractions import Fraction

    won, count = Fraction(0), np.int64(0)
    for own, true in zip(rewards.tolist(), scores.tolist()):
        for i in range(len(own)):
            for j in range(i):
                gap = true[i] - true[j]
                if gap >= least or -gap >= least:
                    count += 1
                    up, down = (own[i], own[j]) if gap > 0 else (own[j], own[i])
                    won += Fraction((up > down) + (up >= down), 2)
    return count, won / int(count)
