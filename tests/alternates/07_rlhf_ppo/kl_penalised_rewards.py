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
# The last 1 of a row is a 1 with no 1 after it.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    after = np.hstack([mask[:, 1:], np.zeros((len(mask), 1), dtype=mask.dtype)])
    rewards = np.zeros(logprobs.shape)
    inside = mask == 1
    rewards[inside] = beta * (reference_logprobs[inside] - logprobs[inside])
    return rewards + (inside & (after == 0)) * score[:, None]


# %% in place
# The argument becomes the difference and then the answer; a running count finds the last token.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    logprobs -= reference_logprobs
    logprobs *= -beta
    logprobs[mask == 0] = 0.0
    count = np.cumsum(mask, axis=1) * mask
    rows = np.arange(len(score))
    logprobs[rows, np.argmax(count, axis=1)] += score
    return logprobs
