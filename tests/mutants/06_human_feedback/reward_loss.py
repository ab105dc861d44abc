# %% order ignored | says: the order is left out | falls: visible
# The answers are taken to stand from best to worst already.
def reward_loss(rewards, order):
    k = rewards.shape[1]
    i, j = torch.triu_indices(k, k, offset=1)
    return -F.logsigmoid(rewards[:, i] - rewards[:, j]).mean()


# %% order read as ranks | says: it holds the numbers of the answers | falls: visible
# order[i] is taken for the rank of answer i.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order.argsort(1))
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -F.logsigmoid(ranked[:, i] - ranked[:, j]).mean()


# %% worse minus better | says: the worse answer is taken for the better one | falls: visible
# The difference is the wrong way round, so the model learns to like bad answers.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -F.logsigmoid(ranked[:, j] - ranked[:, i]).mean()


# %% neighbours only | says: only neighbours in the ranking are compared | falls: visible
# K - 1 comparisons instead of all.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    return -F.logsigmoid(ranked[:, :-1] - ranked[:, 1:]).mean()


# %% best against the rest | says: only the best answer is compared | falls: visible
# The ranking is used as a choice of the best.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    return -F.logsigmoid(ranked[:, :1] - ranked[:, 1:]).mean()


# %% best against worst | says: only the best and the worst answer are compared | falls: visible
# One comparison for each ranking.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    return -F.logsigmoid(ranked[:, 0] - ranked[:, -1]).mean()


# %% sum over pairs | says: this is the sum over the pairs of a prompt | falls: visible
# The pairs are added, and only the prompts are averaged.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -F.logsigmoid(ranked[:, i] - ranked[:, j]).sum(1).mean()


# %% probability | says: this is the probability | falls: visible
# The logarithm is forgotten.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return torch.sigmoid(ranked[:, i] - ranked[:, j]).mean()


# %% mean difference | says: this is minus the difference | falls: visible
# The reward of the better answer is made larger without a limit.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -(ranked[:, i] - ranked[:, j]).mean()


# %% log of sigmoid | says: sigmoid(-200) became 0 | falls: visible
# Two steps that are each right, but the first one may give 0.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -torch.log(torch.sigmoid(ranked[:, i] - ranked[:, j])).mean()


# %% plain number | says: it is no torch tensor | falls: visible
# The tensor is turned into a number, and training can't follow it back.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -F.logsigmoid(ranked[:, i] - ranked[:, j]).mean().item()


# %% three answers | says: only the first three answers of the ranking are compared | falls: hidden
# The pairs of the example are written down one by one.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    pairs = [(i, j) for i, j in [(0, 1), (0, 2), (1, 2)] if j < ranked.shape[1]]
    losses = [-F.logsigmoid(ranked[:, i] - ranked[:, j]) for i, j in pairs]
    return torch.stack(losses).mean()


# %% small number inside the logarithm | says: a small number inside the logarithm | falls: visible
# log(0) is avoided by adding 1e-9, which also hides how wrong a reward is.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -torch.log(torch.sigmoid(ranked[:, i] - ranked[:, j]) + 1e-9).mean()


# %% differences cut off | says: differences are cut off | falls: hidden
# Against overflow the differences are kept between -1000 and 1000.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -F.logsigmoid((ranked[:, i] - ranked[:, j]).clamp(-1000, 1000)).mean()


# %% best of the rest | says: choosing the best of all, then the best of the rest | falls: visible
# The loss of Plackett and Luce, which draws the whole ranking; here two are compared at a time.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    places = range(ranked.shape[1] - 1)
    return torch.stack([torch.logsumexp(ranked[:, i:], 1) - ranked[:, i] for i in places]).mean()
