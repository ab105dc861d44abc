# %% loops
# Token by token, pair by pair.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = np.zeros(len(mask))
    for i, row in enumerate(mask):
        for t, inside in enumerate(row):
            if inside:
                rewards[i] += beta * (logprobs[i, t] - reference_logprobs[i, t])
    points = 0
    for first, second in pairs:
        points += (np.sign(rewards[first] - rewards[second]) + 1) / 2
    return rewards, points / len(pairs)


# %% masked arrays
# numpy's masked arrays leave out what is outside; the sign gives 1, one half or 0.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    gained = np.ma.array(logprobs - reference_logprobs, mask=mask == 0)
    rewards = beta * gained.sum(axis=1).filled(0.0)
    ahead = np.sign(rewards[pairs[:, 0]] - rewards[pairs[:, 1]])
    return rewards, float(((ahead + 1) / 2).mean())


# %% token by token
# Plain loops, and points for each pair.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = []
    for now, before, inside in zip(logprobs, reference_logprobs, mask):
        gained = 0.0
        for t in range(len(inside)):
            if inside[t]:
                gained += now[t] - before[t]
        rewards.append(beta * gained)
    points = 0.0
    for a, b in pairs:
        points += 1.0 if rewards[a] > rewards[b] else 0.5 if rewards[a] == rewards[b] else 0.0
    return np.array(rewards), points / len(pairs)
