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
# Softmax is taken literally, by its formula.
def sft_loss(logits, tokens, mask):
    kept = mask[:, 1:].bool()
    e = torch.exp(logits[:, :-1][kept])
    p = e / e.sum(-1, keepdim=True)
    return -torch.log(p[torch.arange(len(p)), tokens[:, 1:][kept]]).mean()


# %% plain number | says: a torch tensor is asked for | falls: visible | inputs: same
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


# %% a new tensor | says: the way back is cut | falls: visible | inputs: same
# The value is put into a tensor of its own, which knows nothing of the logits.
def sft_loss(logits, tokens, mask):
    kept = mask[:, 1:].bool()
    return torch.tensor(float(F.cross_entropy(logits[:, :-1][kept], tokens[:, 1:][kept])))


# %% detached | says: the way back is cut | falls: visible | inputs: same
# The logits are cut off before the loss, as if this were a measurement.
def sft_loss(logits, tokens, mask):
    kept = mask[:, 1:].bool()
    return F.cross_entropy(logits.detach()[:, :-1][kept], tokens[:, 1:][kept])


# %% no gradient wanted | says: the way back is cut | falls: visible | inputs: same
# The habit of evaluations, torch.no_grad, is kept for training.
def sft_loss(logits, tokens, mask):
    with torch.no_grad():
        kept = mask[:, 1:].bool()
        return F.cross_entropy(logits[:, :-1][kept], tokens[:, 1:][kept])


# %% half of the way back | says: Is a part detached? | falls: visible | inputs: same
# The logarithm of the sum is taken for a constant, so only the right token's logit learns.
def sft_loss(logits, tokens, mask):
    kept = mask[:, 1:].bool()
    rows = logits[:, :-1][kept]
    own = rows.gather(1, tokens[:, 1:][kept][:, None])[:, 0]
    return (torch.logsumexp(rows.detach(), dim=1) - own).mean()


# %% the whole batch as one row | says: sft_loss | falls: hidden
# The rows are laid end to end before the shift, so the last logits of a row guess the next row.
def sft_loss(logits, tokens, mask):
    flat = logits.reshape(-1, logits.shape[-1])
    kept = mask.flatten()[1:].bool()
    return F.cross_entropy(flat[:-1][kept], tokens.flatten()[1:][kept])


# %% all from the first mark on | says: sft_loss | falls: hidden
# A mask is thought to be one piece: everything from its first 1 to its last one counts.
def sft_loss(logits, tokens, mask):
    after = mask[:, 1:].cumsum(1) > 0
    before = mask[:, 1:].flip(1).cumsum(1).flip(1) > 0
    kept = after & before
    return F.cross_entropy(logits[:, :-1][kept], tokens[:, 1:][kept])


# %% rows without a mark count as 0 | says: sft_loss | falls: hidden
# Each row is taken to have one marked token at least, so a row without any makes the loss smaller.
def sft_loss(logits, tokens, mask):
    each = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    kept = mask[:, 1:]
    per_row = (each * kept).sum(1) / kept.sum(1).clamp(min=1)
    weights = kept.sum(1).clamp(min=1).to(each.dtype)
    return (per_row * weights).sum() / weights.sum()


# %% token 0 is padding | says: 0 is a token like any other | falls: visible
# What isn't marked is set to 0, and 0 is passed over wherever it is.
def sft_loss(logits, tokens, mask):
    targets = (tokens * mask)[:, 1:]
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten(), ignore_index=0)


# %% softmax over time | says: softmax over the vocabulary | falls: visible
# The places of a row compete with each other, not the tokens of a place.
def sft_loss(logits, tokens, mask):
    logs = torch.log_softmax(logits[:, :-1], dim=1)
    own = logs.gather(2, tokens[:, 1:, None])[..., 0]
    return -own[mask[:, 1:].bool()].mean()


# %% logits cut off | falls: hidden
# Large logits are made smaller before the naive softmax, so that nothing overflows.
def sft_loss(logits, tokens, mask):
    small = logits[:, :-1].clamp(-50, 50)
    p = small.exp() / small.exp().sum(dim=2, keepdim=True)
    own = p.gather(2, tokens[:, 1:, None])[..., 0].log()
    return -own[mask[:, 1:].bool()].mean()


# %% softmax twice | says: cross_entropy takes the softmax itself | falls: visible
# Probabilities are given where logits are asked for.
def sft_loss(logits, tokens, mask):
    marked = mask[:, 1:].bool()
    p = torch.softmax(logits[:, :-1][marked], dim=-1)
    return F.cross_entropy(p, tokens[:, 1:][marked])


# %% an axis of one | says: without axes | falls: visible
# The loss keeps an axis, as a table of one row and one column would.
def sft_loss(logits, tokens, mask):
    marked = mask[:, 1:].bool()
    return F.cross_entropy(logits[:, :-1][marked], tokens[:, 1:][marked]).reshape(1)


# %% the row is a ring | says: a row is no ring | falls: hidden
# Tokens and mask are rolled by one place, so the last logits guess the first token.
def sft_loss(logits, tokens, mask):
    each = F.cross_entropy(logits.transpose(1, 2), tokens.roll(-1, 1), reduction="none")
    weights = mask.roll(-1, 1).to(each.dtype)
    return (each * weights).sum() / weights.sum()
