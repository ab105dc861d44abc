# %% log_softmax and gather
# All places at once, the mask as weights.
def sft_loss(logits, tokens, mask):
    log_p = torch.log_softmax(logits[:, :-1], dim=-1)
    own = log_p.gather(-1, tokens[:, 1:].unsqueeze(-1)).squeeze(-1)
    weights = mask[:, 1:].to(own.dtype)
    return -(own * weights).sum() / weights.sum()


# %% ignored targets
# Targets that don't count get the number that cross_entropy passes over.
def sft_loss(logits, tokens, mask):
    targets = torch.where(mask == 1, tokens, -100)[:, 1:]
    return F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), targets.reshape(-1))


# %% loop
# Token by token, with the logarithm of the sum of exponentials.
def sft_loss(logits, tokens, mask):
    losses = []
    for b in range(tokens.shape[0]):
        for t in range(1, tokens.shape[1]):
            if mask[b, t] == 1:
                row = logits[b, t - 1]
                losses.append(torch.logsumexp(row, dim=0) - row[tokens[b, t]])
    return torch.stack(losses).mean()


# %% one-hot targets
# The right logit is picked by a product with one-hot rows; marked places come from their numbers.
def sft_loss(logits, tokens, mask):
    rows, places = torch.nonzero(mask[:, 1:], as_tuple=True)
    guesses = logits[rows, places]
    hot = F.one_hot(tokens[rows, places + 1], logits.size(-1)).to(logits.dtype)
    return (guesses.logsumexp(dim=1) - (guesses * hot).sum(dim=1)).mean()
