# %% loop
# Row by row; the last answer token is the largest place with a 1.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = np.zeros(logprobs.shape)
    for b in range(len(score)):
        places = np.flatnonzero(mask[b])
        rewards[b, places] = beta * (reference_logprobs[b, places] - logprobs[b, places])
        rewards[b, places[-1]] += score[b]
    return rewards


# %% difference of the mask
# The last 1 of a row is a 1 with no 1 behind it.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    behind = np.hstack([mask[:, 1:], np.zeros((len(mask), 1), dtype=mask.dtype)])
    is_last = (mask == 1) & (behind == 0)
    return (reference_logprobs - logprobs) * beta * mask + is_last * score[:, None]
