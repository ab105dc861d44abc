# %% shifted | says: you shifted by one | falls: visible
# The shift of lesson 05 is done once more.
def token_logprobs(logits, tokens):
    log_p = torch.log_softmax(logits[:, :-1], dim=-1)
    return log_p.gather(-1, tokens[:, 1:, None])[..., 0]


# %% logits | says: softmax is missing | falls: visible
# The logit of the token is taken for its log-probability.
def token_logprobs(logits, tokens):
    return logits.gather(-1, tokens[..., None])[..., 0]


# %% probabilities | says: these are probabilities | falls: visible
# The logarithm is forgotten.
def token_logprobs(logits, tokens):
    return torch.softmax(logits, dim=-1).gather(-1, tokens[..., None])[..., 0]


# %% losses | says: the sign is wrong | falls: visible
# The losses of lesson 01 are returned as they are.
def token_logprobs(logits, tokens):
    return -torch.log_softmax(logits, dim=-1).gather(-1, tokens[..., None])[..., 0]


# %% most likely token | says: these are the log-probabilities of the most likely tokens | falls: visible
# The best token is taken, not the one that was drawn.
def token_logprobs(logits, tokens):
    return torch.log_softmax(logits, dim=-1).max(dim=-1).values


# %% softmax over time | says: the softmax runs over the places | falls: visible
# Axis 1 is taken, as for a table of rows.
def token_logprobs(logits, tokens):
    return torch.log_softmax(logits, dim=1).gather(-1, tokens[..., None])[..., 0]


# %% axis left over | says: has shape | falls: visible
# The axis that gather needs isn't taken off again.
def token_logprobs(logits, tokens):
    return torch.log_softmax(logits, dim=-1).gather(-1, tokens[..., None])


# %% numpy array | says: a torch tensor is asked for | falls: visible
# The result leaves torch, and training can't follow it back.
def token_logprobs(logits, tokens):
    return torch.log_softmax(logits, dim=-1).gather(-1, tokens[..., None])[..., 0].numpy()


# %% naive exponential | says: exp(1000) overflows | falls: visible
# Softmax is taken as the formula stands.
def token_logprobs(logits, tokens):
    e = torch.exp(logits)
    return torch.log((e / e.sum(-1, keepdim=True)).gather(-1, tokens[..., None])[..., 0])


# %% logarithm of a vanished probability | says: p became 0; compute ln p itself | falls: hidden
# The softmax is stable, but the probability of an unlikely token becomes 0.
def token_logprobs(logits, tokens):
    return torch.log(torch.softmax(logits, dim=-1).gather(-1, tokens[..., None])[..., 0])


# %% small number inside the logarithm | says: a small number inside the logarithm | falls: hidden
# log(0) is avoided by adding 1e-8.
def token_logprobs(logits, tokens):
    return torch.log(torch.softmax(logits, dim=-1).gather(-1, tokens[..., None])[..., 0] + 1e-8)


# %% maximum of the whole table | says: one maximum for the whole table | falls: hidden
# One number is subtracted from all places, so that places far below it vanish.
def token_logprobs(logits, tokens):
    shifted = logits - logits.max()
    own = shifted.gather(-1, tokens[..., None])[..., 0]
    return own - torch.log(torch.exp(shifted).sum(-1))


# %% a new tensor from numbers | says: the way back is cut | falls: visible | inputs: same
# Each value is right, but a tensor made from numbers knows nothing of the logits.
def token_logprobs(logits, tokens):
    rows = []
    for table, ids in zip(logits, tokens):
        rows.append([torch.log_softmax(z, 0)[k].item() for z, k in zip(table, ids)])
    return torch.tensor(rows, dtype=logits.dtype)


# %% normaliser detached | says: a small step there shows | falls: visible | inputs: same
# The sum over the vocabulary is taken for a constant: only the drawn token's logit learns.
def token_logprobs(logits, tokens):
    own = logits.gather(-1, tokens[..., None])[..., 0]
    return own - torch.logsumexp(logits.detach(), dim=-1)


# %% no gradient wanted | says: the way back is cut | falls: visible | inputs: same
# torch.no_grad() is copied from a cell that only measures.
def token_logprobs(logits, tokens):
    with torch.no_grad():
        return torch.log_softmax(logits, dim=-1).gather(-1, tokens[..., None])[..., 0]


# %% logits held within 80 | falls: hidden
# Clamped against overflow, so that large logits lose their distance.
def token_logprobs(logits, tokens):
    held = logits.clamp(-80.0, 80.0)
    own = held.gather(-1, tokens[..., None])[..., 0]
    return own - torch.log(torch.exp(held).sum(-1)) + 0 * logits.sum()
