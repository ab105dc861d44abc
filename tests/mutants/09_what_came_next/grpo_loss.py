# %% each token counts the same | says: each token of the batch counts the same | falls: visible
# PPO's mean, over all tokens at once.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = away.exp() - away - 1
    each = (surrogate - beta * price) * mask
    return -each.sum() / mask.sum()


# %% sign | says: the sign is wrong | falls: visible
# The gain instead of the loss.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = away.exp() - away - 1
    each = (surrogate - beta * price) * mask
    return (each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% larger of the two | says: the larger one | falls: visible
# The brake works the wrong way.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.maximum(ratio * gain, held * gain)
    price = away.exp() - away - 1
    each = (surrogate - beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% no clip | says: nothing is clipped | falls: visible
# REINFORCE with a ratio.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = ratio * gain
    price = away.exp() - away - 1
    each = (surrogate - beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% clipped product only | says: only the clipped product | falls: visible
# No minimum.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = held * gain
    price = away.exp() - away - 1
    each = (surrogate - beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% old to new | says: old to new | falls: visible
# The ratio upside down.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, old_logprobs - logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = away.exp() - away - 1
    each = (surrogate - beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% price turned round | says: d is turned round | falls: visible
# The KL's other direction.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, logprobs - reference_logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = away.exp() - away - 1
    each = (surrogate - beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% price rewarded | says: the price is a reward | falls: visible
# Leaving is paid for.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = away.exp() - away - 1
    each = (surrogate + beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% plain difference | says: plain difference | falls: visible
# The first estimate that comes to mind, which may be below 0.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = -away
    each = (surrogate - beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% without the 1 | says: the 1 is missing | falls: visible
# A constant, which has no gradient.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = away.exp() - away
    each = (surrogate - beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% price by the advantage | says: weighed by the advantage | falls: visible
# The price is put into the surrogate.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = away.exp() - away - 1
    each = (surrogate - beta * price * gain) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% divided by all places | says: divide by all places | falls: visible
# The padding is in the mean.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = away.exp() - away - 1
    each = (surrogate - beta * price) * mask
    return -each.mean()


# %% padding overflows | falls: visible | inputs: same
# Masked after the exponential: the value may be right, its gradient isn't.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    ratio = (logprobs - old_logprobs).exp()
    away = reference_logprobs - logprobs
    gain = advantages[:, None]
    surrogate = torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain)
    each = torch.where(mask.bool(), surrogate - beta * (away.exp() - away - 1), 0.0)
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% the example's clip | falls: hidden
# 0.2 is what everybody takes.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(0.8, 1.2)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = away.exp() - away - 1
    each = (surrogate - beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% huge prices cut off | falls: hidden
# For safety.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = (away.exp() - away - 1).clamp(max=10.0)
    each = (surrogate - beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% cut for the price | says: gradient | falls: visible | inputs: same
# The price is measured, but training can't feel it.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = (away.exp() - away - 1).detach()
    each = (surrogate - beta * price) * mask
    return -(each.sum(dim=1) / mask.sum(dim=1)).mean()


# %% cut altogether | says: the way back is cut | falls: visible | inputs: same
# A plain number comes back.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    held = ratio.clamp(1 - clip, 1 + clip)
    surrogate = torch.minimum(ratio * gain, held * gain)
    price = away.exp() - away - 1
    each = (surrogate - beta * price) * mask
    return torch.tensor(-(each.sum(dim=1) / mask.sum(dim=1)).mean().item())


# %% an answer of its first place | falls: visible
# Answers are taken to begin at place 0.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    lengths = mask.sum(dim=1)
    mask = (torch.arange(mask.shape[1]) < lengths[:, None]).int()
    inside = mask.bool()
    ratio = torch.where(inside, logprobs - old_logprobs, 0.0).exp()
    away = torch.where(inside, reference_logprobs - logprobs, 0.0)
    gain = advantages[:, None]
    surrogate = torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain)
    each = (surrogate - beta * (away.exp() - away - 1)) * mask
    return -(each.sum(dim=1) / lengths).mean()
