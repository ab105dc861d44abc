# %% larger loss
# Minus before the choice: the larger one of two losses, as most libraries write it.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    weights = mask.to(new_logprobs.dtype)
    ratio = torch.exp(torch.where(mask == 1, new_logprobs - old_logprobs, 0.0))
    plain = -advantages * ratio
    held = -advantages * torch.clamp(ratio, 1.0 - clip, 1.0 + clip)
    return (torch.max(plain, held) * weights).sum() / weights.sum()


# %% border by the sign
# The minimum, written out: an upper border for good tokens and a lower one for bad tokens.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    kept = mask > 0
    gain = advantages[kept]
    ratio = (new_logprobs - old_logprobs)[kept].exp()
    good, bad = ratio.clamp(max=1 + clip), ratio.clamp(min=1 - clip)
    return -(torch.where(gain >= 0, good, bad) * gain).sum() / kept.sum()
