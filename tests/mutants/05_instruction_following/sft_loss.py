# %% no shift | says: the logits of a place are compared with the token of the same place | falls: visible
# Each place is thought to guess its own token.
def sft_loss(logits, tokens, mask):
    kept = mask.bool()
    return F.cross_entropy(logits[kept], tokens[kept])


# %% shifted the wrong way | says: the logits are compared with the token before | falls: visible
# The logits are moved in the place of the tokens.
def sft_loss(logits, tokens, mask):
    kept = mask[:, 1:].bool()
    return F.cross_entropy(logits[:, 1:][kept], tokens[:, :-1][kept])


# %% mask not shifted | says: the tokens are shifted and the mask isn't | falls: visible
# Tokens lose their first place and the mask its last one.
def sft_loss(logits, tokens, mask):
    kept = mask[:, :-1].bool()
    return F.cross_entropy(logits[:, :-1][kept], tokens[:, 1:][kept])


# %% no mask | says: the mask is left out | falls: visible
# All tokens are learned, requests and padding too, as in pre-training.
def sft_loss(logits, tokens, mask):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())


# %% divided by all places | says: you divide by all places | falls: visible
# Losses outside the mask are set to 0, and then the mean is taken over everything.
def sft_loss(logits, tokens, mask):
    each = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    return (each * mask[:, 1:]).mean()


# %% sum | says: this is the sum over the marked tokens | falls: visible
# The losses are added and not averaged.
def sft_loss(logits, tokens, mask):
    each = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    return (each * mask[:, 1:]).sum()


# %% mean of the rows | says: this is the mean of the rows' means | falls: visible
# Each conversation counts the same, so that a token of a short answer counts more.
def sft_loss(logits, tokens, mask):
    each = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    kept = mask[:, 1:]
    rows = (each * kept).sum(1)[kept.sum(1) > 0] / kept.sum(1)[kept.sum(1) > 0]
    return rows.mean()


# %% naive exponential | says: exp(1000) overflows | falls: visible
# Softmax is taken as the formula stands.
def sft_loss(logits, tokens, mask):
    kept = mask[:, 1:].bool()
    e = torch.exp(logits[:, :-1][kept])
    p = e / e.sum(-1, keepdim=True)
    return -torch.log(p[torch.arange(len(p)), tokens[:, 1:][kept]]).mean()


# %% plain number | says: it is no torch tensor | falls: visible
# The tensor is turned into a number, and training can't follow it back.
def sft_loss(logits, tokens, mask):
    kept = mask[:, 1:].bool()
    return F.cross_entropy(logits[:, :-1][kept], tokens[:, 1:][kept]).item()


# %% logarithm of a vanished probability | says: p became 0; compute ln p itself | falls: hidden
# The softmax is stable, but the probability of a very wrong guess becomes 0.
def sft_loss(logits, tokens, mask):
    kept = mask[:, 1:].bool()
    p = torch.softmax(logits[:, :-1][kept], dim=-1)
    return -torch.log(p[torch.arange(len(p)), tokens[:, 1:][kept]]).mean()


# %% small number inside the logarithm | says: a small number inside the logarithm | falls: hidden
# log(0) is avoided by adding 1e-9, which also hides how wrong a guess is.
def sft_loss(logits, tokens, mask):
    kept = mask[:, 1:].bool()
    p = torch.softmax(logits[:, :-1][kept], dim=-1)
    return -torch.log(p[torch.arange(len(p)), tokens[:, 1:][kept]] + 1e-9).mean()


# %% the first token is counted | says: the first token has no guess before it | falls: hidden
# The sum is shifted, but the number of marked tokens is taken from the whole mask.
def sft_loss(logits, tokens, mask):
    each = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    return (each * mask[:, 1:]).sum() / mask.sum()
