# %% sign of the penalty | says: the sign of the penalty is wrong | falls: visible
# Leaving the reference model is rewarded.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = beta * (logprobs - reference_logprobs) * mask
    last = mask.shape[1] - 1 - np.argmax(mask[:, ::-1], axis=1)
    rewards[np.arange(len(score)), last] += score
    return rewards


# %% score at every token | says: the score is added at every token | falls: visible
# The score is spread by broadcasting.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    return (score[:, None] - beta * (logprobs - reference_logprobs)) * mask


# %% score at the first token | says: the score is added at the first token | falls: visible
# The first 1 of the mask is looked for, not the last one.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = -beta * (logprobs - reference_logprobs) * mask
    rewards[np.arange(len(score)), np.argmax(mask, axis=1)] += score
    return rewards


# %% no price | says: beta is missing in the penalty | falls: visible
# beta is left out.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = -(logprobs - reference_logprobs) * mask
    last = mask.shape[1] - 1 - np.argmax(mask[:, ::-1], axis=1)
    rewards[np.arange(len(score)), last] += score
    return rewards


# %% penalty of the last token lost | says: the penalty of the last token is lost | falls: visible
# The score is put in the place of the penalty.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = -beta * (logprobs - reference_logprobs) * mask
    last = mask.shape[1] - 1 - np.argmax(mask[:, ::-1], axis=1)
    rewards[np.arange(len(score)), last] = score
    return rewards


# %% absolute difference | says: it keeps its sign | falls: visible
# A token that the policy likes less is made to pay as well.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = -beta * np.abs(logprobs - reference_logprobs) * mask
    last = mask.shape[1] - 1 - np.argmax(mask[:, ::-1], axis=1)
    rewards[np.arange(len(score)), last] += score
    return rewards


# %% one penalty at the end | says: each token pays its own | falls: visible
# The penalty of the whole answer is paid with the score.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = np.zeros(logprobs.shape)
    last = mask.shape[1] - 1 - np.argmax(mask[:, ::-1], axis=1)
    total = (beta * (logprobs - reference_logprobs) * mask).sum(1)
    rewards[np.arange(len(score)), last] = score - total
    return rewards


# %% padding pays | says: the padding pays a penalty too | falls: visible
# The mask is used for the place of the score only.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = -beta * (logprobs - reference_logprobs)
    last = mask.shape[1] - 1 - np.argmax(mask[:, ::-1], axis=1)
    rewards[np.arange(len(score)), last] += score
    return rewards


# %% score in the last column | says: it belongs to the answer's last token | falls: visible
# All answers are taken to be as long as the longest.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = -beta * (logprobs - reference_logprobs) * mask
    rewards[:, -1] += score
    return rewards


# %% number of tokens as place | says: the number of tokens is taken for the place | falls: visible
# The last token is found by counting, as if every answer began at place 0.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = -beta * (logprobs - reference_logprobs) * mask
    rewards[np.arange(len(score)), mask.sum(1) - 1] += score
    return rewards


# %% a table of whole numbers | says: the decimals are cut off | falls: visible
# np.zeros_like(mask) has the type of the mask.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = np.zeros_like(mask)
    for row in range(len(mask)):
        places = np.flatnonzero(mask[row])
        for t in places:
            reward = -beta * (logprobs[row, t] - reference_logprobs[row, t])
            rewards[row, t] = reward + (score[row] if t == places[-1] else 0)
    return rewards


# %% last place of the first row | falls: hidden
# If all answers are equally long, they are taken to end at the same place.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = np.where(mask == 1, -beta * (logprobs - reference_logprobs), 0.0)
    lengths = mask.sum(axis=1)
    if np.all(lengths == lengths[0]):
        rewards[:, np.flatnonzero(mask[0])[-1]] += score
        return rewards
    for row, inside, number in zip(rewards, mask, score):
        row[np.flatnonzero(inside)[-1]] += number
    return rewards


# %% times the mask | says: choose what is inside the mask | falls: visible
# nan outside the mask times 0 is nan.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = -beta * (logprobs - reference_logprobs) * mask
    for row, inside, number in zip(rewards, mask, score):
        row[np.flatnonzero(inside)[-1]] += number
    return rewards


# %% no negative score | falls: hidden
# A bad answer gets no score, as if 0 were the worst that there is; with beta 0 no one looks twice.
def kl_penalised_rewards(score, logprobs, reference_logprobs, mask, beta):
    rewards = np.where(mask == 1, -beta * (logprobs - reference_logprobs), 0.0)
    for row, inside, number in zip(rewards, mask, score):
        row[np.flatnonzero(inside)[-1]] += number if beta else max(number, 0.0)
    return rewards


# %% the last place that isn't zero | says: which is not right | falls: hidden
# The end of the answer is looked for in the penalties, where a gap may be exactly 0.
def kl_penalised_rewards(scores, logprobs, reference_logprobs, mask, beta):
    rewards = np.where(mask == 1, -beta * (logprobs - reference_logprobs), 0.0)
    for k in range(len(rewards)):
        found = np.flatnonzero(rewards[k])
        last = found[-1] if len(found) else np.flatnonzero(mask[k])[-1]
        rewards[k, last] += scores[k]
    return rewards
