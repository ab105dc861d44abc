# %% mean of the exponentials | says: this is the mean of the exponentials | falls: visible
# The exponential of each loss is taken before the mean.
def perplexity_and_bits(losses, text):
    bits = float(np.sum(losses)) / np.log(2)
    return float(np.mean(np.exp(losses))), bits / len(text.encode("utf-8"))


# %% base 2 | says: the base is e and not 2 | falls: visible
# Losses in nats are raised to base 2.
def perplexity_and_bits(losses, text):
    bits = float(np.sum(losses)) / np.log(2)
    return float(2 ** np.mean(losses)), bits / len(text.encode("utf-8"))


# %% nats for each byte | says: these are nats for each byte | falls: visible
# Nats and bits are taken for the same unit.
def perplexity_and_bits(losses, text):
    return float(np.exp(np.mean(losses))), float(np.sum(losses)) / len(text.encode("utf-8"))


# %% bits for each token | says: these are bits for each token | falls: visible
# The loss is divided by the number of tokens instead of bytes.
def perplexity_and_bits(losses, text):
    return float(np.exp(np.mean(losses))), float(np.mean(losses) / np.log(2))


# %% characters for bytes | says: you count characters | falls: hidden
# A character is thought to be a byte, which holds for plain English only.
def perplexity_and_bits(losses, text):
    bits = float(np.sum(losses)) / np.log(2)
    return float(np.exp(np.mean(losses))), bits / len(text)


# %% product of probabilities | says: over a long text overflows | falls: hidden
# The probabilities of the whole text are multiplied before the root is taken.
def perplexity_and_bits(losses, text):
    bits = float(np.sum(losses)) / np.log(2)
    perplexity = float(np.prod(np.exp(losses)) ** (1 / len(losses)))
    return perplexity, bits / len(text.encode("utf-8"))
