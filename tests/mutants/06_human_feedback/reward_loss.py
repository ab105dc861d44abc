# %% order ignored | says: the order is left out | falls: visible
# The answers are taken to come from best to worst already.
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


# %% plain number | says: it is no torch tensor | falls: visible | inputs: same
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


# %% winner detached | says: for `rewards` at | falls: visible | inputs: same
# Only the losers learn: the winner's reward is taken out of the graph.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -F.logsigmoid(ranked[:, i].detach() - ranked[:, j]).mean()


# %% loser detached | says: for `rewards` at | falls: visible | inputs: same
# Only the winners learn.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return F.softplus(ranked[:, j].detach() - ranked[:, i]).mean()


# %% detached at the start | says: the way back is cut | falls: visible | inputs: same
# The rewards are copied "to be safe", by way of numpy.
def reward_loss(rewards, order):
    values = np.take_along_axis(rewards.detach().numpy(), order.numpy(), axis=1)
    ranked = torch.tensor(values)
    i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -F.logsigmoid(ranked[:, i] - ranked[:, j]).mean()


# %% a new tensor from a number | says: the way back is cut | falls: visible | inputs: same
# Adds up plain numbers and makes a tensor of the sum at the end.
def reward_loss(rewards, order):
    losses = []
    for row, ranking in zip(rewards, order):
        for a in range(len(ranking)):
            for b in range(a + 1, len(ranking)):
                losses.append(F.softplus(row[ranking[b]] - row[ranking[a]]).item())
    return torch.tensor(float(np.mean(losses)))


# %% no gradient wanted | says: the way back is cut | falls: visible | inputs: same
# torch.no_grad() is taken over from code that only measures.
def reward_loss(rewards, order):
    with torch.no_grad():
        ranked = rewards.gather(1, order)
        i, j = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
        return -F.logsigmoid(ranked[:, i] - ranked[:, j]).mean()


# %% sorted past the graph | says: the gradient is | falls: visible | inputs: same
# The rewards are overwritten by their sorted form, so the gradient reaches the wrong answers.
def reward_loss(rewards, order):
    rewards.data = rewards.data.gather(1, order)
    i, j = torch.triu_indices(rewards.shape[1], rewards.shape[1], offset=1)
    return -F.logsigmoid(rewards[:, i] - rewards[:, j]).mean()


# %% divided by three pairs | falls: hidden
# Three pairs for each prompt, as in the example of the text.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    better, worse = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    total = -F.logsigmoid(ranked[:, better] - ranked[:, worse]).sum()
    return total / (len(ranked) * (3 if ranked.shape[1] > 2 else 1))


# %% the first prompt only | says: the first prompt alone | falls: visible
# The loop returns after the first ranking.
def reward_loss(rewards, order):
    for row, ranking in zip(rewards, order):
        ranked = row[ranking]
        better, worse = torch.triu_indices(len(ranked), len(ranked), offset=1)
        return -F.logsigmoid(ranked[better] - ranked[worse]).mean()


# %% every ranking in the first prompt's order | says: put into the order of the first one | falls: visible
# One order serves for all prompts.
def reward_loss(rewards, order):
    ranked = rewards[:, order[0]]
    better, worse = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -F.logsigmoid(ranked[:, better] - ranked[:, worse]).mean()


# %% one plus an exponential | says: sigmoid(-200) became 0 | falls: visible
# The formula as it is written: the exponential of a large difference overflows.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    better, worse = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return torch.log(1 + torch.exp(ranked[:, worse] - ranked[:, better])).mean()


# %% only pairs that are wrong | says: a pair in the right order costs something | falls: visible
# What the model already orders rightly is thought to cost nothing.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    better, worse = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    gaps = ranked[:, better] - ranked[:, worse]
    return (-F.logsigmoid(gaps) * (gaps <= 0)).mean()


# %% the gap of the ranks weighs | says: pairs far apart in the ranking weigh more | falls: visible
# Pairs that are far apart in the ranking count more.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    better, worse = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    weights = (worse - better).float()
    loss = -F.logsigmoid(ranked[:, better] - ranked[:, worse])
    return (loss * weights).sum() / (weights.sum() * len(ranked))


# %% one entry for each prompt | says: has shape | falls: visible
# The mean over pairs only: one loss for each prompt.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    better, worse = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    return -F.logsigmoid(ranked[:, better] - ranked[:, worse]).mean(dim=1)


# %% the gradient of a hinge | falls: visible | inputs: same
# The right value, but the gradient comes from another loss.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order)
    better, worse = torch.triu_indices(ranked.shape[1], ranked.shape[1], offset=1)
    gaps = ranked[:, better] - ranked[:, worse]
    other = torch.relu(1 - gaps).mean()
    return other + (-F.logsigmoid(gaps).mean() - other).detach()
