# %% no minus | says: the sign is wrong | falls: visible
# The gain itself is returned, so training makes it small.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = torch.exp((new_logprobs - old_logprobs)[inside])
    a = advantages[inside]
    return torch.minimum(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


# %% larger product | says: you take the larger one of the two products | falls: visible
# The maximum of the losses is mixed up with the maximum of the gains.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = torch.exp((new_logprobs - old_logprobs)[inside])
    a = advantages[inside]
    return -torch.maximum(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


# %% no clipping | says: nothing is clipped | falls: visible
# The plain ratio times the advantage.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    return -(torch.exp((new_logprobs - old_logprobs)[inside]) * advantages[inside]).mean()


# %% clipped product only | says: only the clipped product is used | falls: visible
# The minimum is left out, so mistakes beyond the border are no longer felt.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = torch.exp((new_logprobs - old_logprobs)[inside])
    return -(ratio.clamp(1 - clip, 1 + clip) * advantages[inside]).mean()


# %% old to new | says: the ratio is old to new | falls: visible
# Numerator and denominator are exchanged.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = torch.exp((old_logprobs - new_logprobs)[inside])
    a = advantages[inside]
    return -torch.minimum(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


# %% difference as ratio | says: the exponential is missing | falls: visible
# The difference of the logarithms is taken for the ratio.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = (new_logprobs - old_logprobs)[inside]
    a = advantages[inside]
    return -torch.minimum(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


# %% product clipped | says: the product is clipped | falls: visible
# Clipping comes after the advantage.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    gain = torch.exp((new_logprobs - old_logprobs)[inside]) * advantages[inside]
    return -torch.minimum(gain, gain.clamp(1 - clip, 1 + clip)).mean()


# %% clipped above only | says: it is clipped below, too | falls: visible
# Only good tokens that became too likely are thought of.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = torch.exp((new_logprobs - old_logprobs)[inside])
    a = advantages[inside]
    return -torch.minimum(ratio * a, ratio.clamp(max=1 + clip) * a).mean()


# %% padding counts | says: the padding counts too | falls: visible
# The mean runs over the whole table.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    ratio = torch.exp(new_logprobs - old_logprobs)
    return -torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages).mean()


# %% divided by all places | says: you divide by all places | falls: visible
# The padding is set to 0 and still counted.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = torch.exp((new_logprobs - old_logprobs)[inside])
    a = advantages[inside]
    least = torch.minimum(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a)
    return -least.sum() / mask.numel()


# %% mean of the answers | says: this is the mean of the answers' means | falls: visible
# Each answer counts the same, however long it is.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    ratio = torch.exp(torch.where(mask.bool(), new_logprobs - old_logprobs, 0.0))
    least = torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages)
    return -((least * mask).sum(1) / mask.sum(1)).mean()


# %% plain number | says: a torch tensor is asked for | falls: visible | inputs: same
# The tensor is turned into a number, and training can't follow it back.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = torch.exp((new_logprobs - old_logprobs)[inside])
    a = advantages[inside]
    return -float(torch.minimum(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean())


# %% infinity times nothing | says: nan or infinite somewhere | falls: visible
# The mask is multiplied at the end, when the padding has overflowed.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    ratio = torch.exp(new_logprobs - old_logprobs)
    least = torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages)
    return -(least * mask).sum() / mask.sum()


# %% clip below as a ratio | says: the border below is 1 - clip | falls: visible
# The lower border is made symmetric in the logarithm.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = torch.exp((new_logprobs - old_logprobs)[inside])
    a = advantages[inside]
    return -torch.minimum(ratio * a, ratio.clamp(1 / (1 + clip), 1 + clip) * a).mean()


# %% answers begin at 0 | says: an answer may begin later than at 0 | falls: visible
# The number of tokens of each answer is taken for the place where it ends.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = torch.arange(mask.shape[1]) < mask.sum(1, keepdim=True)
    ratio = torch.exp((new_logprobs - old_logprobs)[inside])
    a = advantages[inside]
    return -torch.minimum(ratio * a, ratio.clamp(1 - clip, 1 + clip) * a).mean()


# %% advantages brought to unit deviation | says: that is done before, so | falls: visible
# Many programs do this before the loss; here it isn't part of the loss.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    picked = mask.bool()
    gains = advantages[picked]
    gains = (gains - gains.mean()) / gains.std()
    ratio = torch.exp(new_logprobs[picked] - old_logprobs[picked])
    return -torch.minimum(ratio * gains, ratio.clamp(1 - clip, 1 + clip) * gains).mean()


# %% value right, gradient nan | says: nan or infinite somewhere | falls: visible | inputs: same
# Chosen after the exponential: forwards the padding is gone, backwards 0 times infinity is nan.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = torch.exp(new_logprobs - old_logprobs)
    gain = torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages)
    return -torch.where(inside, gain, torch.zeros_like(gain)).sum() / mask.sum()


# %% clipped product without a way back | says: a small step there shows | falls: visible | inputs: same
# Where nothing is clipped the two products are equal, and half of the gradient is lost.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    on = mask.bool()
    ratio, gain = (new_logprobs[on] - old_logprobs[on]).exp(), advantages[on]
    with torch.no_grad():
        held = ratio.clamp(1 - clip, 1 + clip) * gain
    return -torch.minimum(ratio * gain, held).mean()


# %% numpy inside | falls: visible | inputs: same
# The value is right; a tensor made at the end knows nothing of the policy.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    on = mask.numpy() == 1
    ratio = np.exp(new_logprobs.detach().numpy()[on] - old_logprobs.detach().numpy()[on])
    gain = advantages.numpy()[on]
    return torch.tensor(-np.minimum(ratio * gain, np.clip(ratio, 1 - clip, 1 + clip) * gain).mean())


# %% ratio detached | says: the way back is cut | falls: visible | inputs: same
# The ratio is taken for a weight that is no part of the policy.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    on = mask.bool()
    ratio, gain = (new_logprobs[on] - old_logprobs[on]).exp().detach(), advantages[on]
    return -torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain).mean()


# %% tokens without an advantage don't count | falls: hidden
# The mean is over the tokens whose advantage isn't 0.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    on = mask.bool()
    ratio, gain = (new_logprobs[on] - old_logprobs[on]).exp(), advantages[on]
    least = torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain)
    return -least.sum() / (gain != 0).sum().clamp(min=1)


# %% times the mask, with a choice for the ratio | says: pick the masked places first | falls: visible
# The ratio is safe, but an advantage that is nan outside the mask isn't.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    zero = torch.zeros_like(new_logprobs)
    ratio = torch.where(mask.bool(), new_logprobs - old_logprobs, zero).exp()
    least = torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages)
    return -(least * mask).sum() / mask.sum()


# %% gaps held to ten nats | says: which is not right | falls: hidden
# The difference of the logarithms is clamped, so a bad token that became likely isn't felt in full.
def ppo_loss(new_logprobs, old_logprobs, advantages, mask, clip):
    inside = mask.bool()
    ratio = (new_logprobs[inside] - old_logprobs[inside]).clamp(-10, 10).exp()
    gain = advantages[inside]
    return -torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain).mean()
