# %% softplus over combinations
# Pair by pair; -ln sigmoid(x) is softplus(-x).
from itertools import combinations


def reward_loss(rewards, order):
    losses = []
    for row, ranking in zip(rewards, order):
        for better, worse in combinations(ranking.tolist(), 2):
            losses.append(F.softplus(row[worse] - row[better]))
    return torch.stack(losses).mean()


# %% ranks and logaddexp
# Turns the order into ranks and compares all answers with all; the ranks say which one won.
def reward_loss(rewards, order):
    ranks = order.argsort(dim=1)
    won = ranks.unsqueeze(2) < ranks.unsqueeze(1)
    gaps = rewards.unsqueeze(1) - rewards.unsqueeze(2)
    return torch.logaddexp(torch.zeros_like(gaps), gaps)[won].mean()


# %% loop over the better one
# For each place in the ranking all that stand behind it, at once.
def reward_loss(rewards, order):
    ranked = torch.take_along_dim(rewards, order, dim=1)
    k = ranked.shape[1]
    total = 0.0
    for i in range(k - 1):
        total = total + F.logsigmoid(ranked[:, i : i + 1] - ranked[:, i + 1 :]).sum()
    return -total / (ranked.shape[0] * k * (k - 1) / 2)


# %% binary cross-entropy
# A pair is a question whose answer is 1; torch's own loss averages over all of them.
def reward_loss(rewards, order):
    ranked = torch.stack([row[ranking] for row, ranking in zip(rewards, order)])
    pairs = torch.combinations(torch.arange(ranked.shape[1]))
    gaps = ranked[:, pairs[:, 0]] - ranked[:, pairs[:, 1]]
    return F.binary_cross_entropy_with_logits(gaps, torch.ones_like(gaps))


# %% cross-entropy of two classes
# Each pair is two logits, of which the first class is right.
def reward_loss(rewards, order):
    ranked = rewards.gather(1, order.long()).float()
    pairs = torch.combinations(torch.arange(ranked.shape[1]))
    both = ranked[:, pairs].reshape(-1, 2)
    return F.cross_entropy(both, torch.zeros(len(both), dtype=torch.long))
