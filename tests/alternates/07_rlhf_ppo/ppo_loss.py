# %% larger loss
# Minus before the choice: the larger one of two losses, as most libraries write it.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    nothing = torch.zeros_like(new_logprobs)
    gap = torch.where(mask == 1, new_logprobs, nothing) - torch.where(
        mask == 1, old_logprobs, nothing
    )
    gains = torch.where(mask == 1, advantages, nothing)
    plain = -gains * torch.exp(gap)
    held = -gains * torch.clamp(torch.exp(gap), 1.0 - clip, 1.0 + clip)
    return torch.max(plain, held).sum() / mask.sum()


# %% border by the sign
# The minimum, written out: an upper border for good tokens and a lower one for bad tokens.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    kept = mask > 0
    gain = advantages[kept]
    ratio = (new_logprobs - old_logprobs)[kept].exp()
    good, bad = ratio.clamp(max=1 + clip), ratio.clamp(min=1 - clip)
    return -(torch.where(gain >= 0, good, bad) * gain).sum() / kept.sum()


# %% answer by answer, in place
# The tables are emptied outside the mask; the sums of the answers are added up.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    advantages[mask == 0] = 0.0
    total = 0.0
    for new, old, gain, row in zip(new_logprobs, old_logprobs, advantages, mask):
        at = row.nonzero()[:, 0]
        ratio = torch.exp(new[at] - old[at])
        both = torch.stack([ratio, torch.clamp(ratio, min=1 - clip, max=1 + clip)]) * gain[at]
        total = total - both.amin(dim=0).sum()
    return total / mask.sum()
