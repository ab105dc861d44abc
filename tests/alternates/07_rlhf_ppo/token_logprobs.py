# %% logsumexp
# The entry of each place first; the sum over the vocabulary comes off at last.
def token_logprobs(logits, tokens):
    own = torch.take_along_dim(logits, tokens.unsqueeze(2), dim=2).squeeze(2)
    return own - logits.logsumexp(dim=2)


# %% cross-entropy
# A log-probability is minus a loss; cross_entropy wants the vocabulary on axis 1.
def token_logprobs(logits, tokens):
    return -torch.nn.functional.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")


# %% one-hot
# Subtracts each place's maximum, and picks by a product with a table of 0 and 1.
def token_logprobs(logits, tokens):
    shifted = logits - logits.max(dim=-1, keepdim=True).values
    chosen = torch.nn.functional.one_hot(tokens, logits.shape[-1])
    return (shifted * chosen).sum(-1) - shifted.exp().sum(-1).log()
