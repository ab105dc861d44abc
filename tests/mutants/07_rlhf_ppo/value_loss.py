# %% no half | says: the factor 1/2 is missing | falls: visible
# The mean squared error as everybody knows it.
def value_loss(values, old_values, returns, mask, clip):
    m = mask.bool()
    v, o, r = values[m], old_values[m], returns[m]
    held = o + torch.clamp(v - o, -clip, clip)
    return torch.maximum((v - r) ** 2, (held - r) ** 2).mean()


# %% smaller error | says: you take the smaller one of the two errors | falls: visible
# The minimum of the policy's loss is carried over.
def value_loss(values, old_values, returns, mask, clip):
    m = mask.bool()
    v, o, r = values[m], old_values[m], returns[m]
    held = o + torch.clamp(v - o, -clip, clip)
    return torch.minimum((v - r) ** 2, (held - r) ** 2).mean() / 2


# %% no clipping | says: nothing is clipped | falls: visible
# The plain squared error.
def value_loss(values, old_values, returns, mask, clip):
    m = mask.bool()
    return ((values[m] - returns[m]) ** 2).mean() / 2


# %% clipped value only | says: only the clipped value is used | falls: visible
# The maximum is left out.
def value_loss(values, old_values, returns, mask, clip):
    m = mask.bool()
    v, o, r = values[m], old_values[m], returns[m]
    return ((o + torch.clamp(v - o, -clip, clip) - r) ** 2).mean() / 2


# %% like a ratio | says: the value is clipped like a ratio | falls: visible
# The borders are the old value times 1 - clip and 1 + clip.
def value_loss(values, old_values, returns, mask, clip):
    m = mask.bool()
    v, o, r = values[m], old_values[m], returns[m]
    held = torch.minimum(torch.maximum(v, o * (1 - clip)), o * (1 + clip))
    return torch.maximum((v - r) ** 2, (held - r) ** 2).mean() / 2


# %% value itself clipped | says: the value itself is clipped | falls: visible
# The value is kept between -clip and clip.
def value_loss(values, old_values, returns, mask, clip):
    m = mask.bool()
    v, r = values[m], returns[m]
    return torch.maximum((v - r) ** 2, (v.clamp(-clip, clip) - r) ** 2).mean() / 2


# %% absolute errors | says: these are absolute errors | falls: visible
# The squares are left out.
def value_loss(values, old_values, returns, mask, clip):
    m = mask.bool()
    v, o, r = values[m], old_values[m], returns[m]
    held = o + torch.clamp(v - o, -clip, clip)
    return torch.maximum((v - r).abs(), (held - r).abs()).mean() / 2


# %% padding counts | says: the padding counts too | falls: visible
# The mean runs over the whole table.
def value_loss(values, old_values, returns, mask, clip):
    held = old_values + torch.clamp(values - old_values, -clip, clip)
    return torch.maximum((values - returns) ** 2, (held - returns) ** 2).mean() / 2


# %% mean of the answers | says: this is the mean of the answers' means | falls: visible
# Each answer counts the same, however long it is.
def value_loss(values, old_values, returns, mask, clip):
    held = old_values + torch.clamp(values - old_values, -clip, clip)
    worse = torch.maximum((values - returns) ** 2, (held - returns) ** 2) * mask
    return (worse.sum(1) / mask.sum(1)).mean() / 2


# %% plain number | says: a torch tensor is asked for | falls: visible | inputs: same
# The tensor is turned into a number, and training can't follow it back.
def value_loss(values, old_values, returns, mask, clip):
    m = mask.bool()
    v, o, r = values[m], old_values[m], returns[m]
    held = o + torch.clamp(v - o, -clip, clip)
    return torch.maximum((v - r) ** 2, (held - r) ** 2).mean().item() / 2


# %% answers begin at 0 | says: an answer may begin later than at 0 | falls: visible
# The lengths are used instead of the places, as if every answer began in the first column.
def value_loss(values, old_values, returns, mask, clip):
    m = torch.arange(mask.shape[1]) < mask.sum(1, keepdim=True)
    v, o, r = values[m], old_values[m], returns[m]
    held = o + torch.clamp(v - o, -clip, clip)
    return torch.maximum((v - r) ** 2, (held - r) ** 2).mean() / 2


# %% larger of two means | says: the larger one of two *means* | falls: visible
# The larger one is taken after the mean and not token by token.
def value_loss(values, old_values, returns, mask, clip):
    picked = mask.bool()
    new, old, target = values[picked], old_values[picked], returns[picked]
    clipped = old + (new - old).clamp(-clip, clip)
    errors = [((value - target) ** 2).mean() for value in (new, clipped)]
    return torch.maximum(*errors) / 2


# %% times the mask at the end | says: pick the masked places first | falls: visible
# What is nan outside the mask stays nan.
def value_loss(values, old_values, returns, mask, clip):
    held = old_values + (values - old_values).clamp(-clip, clip)
    worse = torch.maximum((values - returns) ** 2, (held - returns) ** 2)
    return 0.5 * (worse * mask).sum() / mask.sum()


# %% clipped error without a way back | says: a small step there shows | falls: visible | inputs: same
# Where nothing is clipped the two errors are equal, and half of the gradient is lost.
def value_loss(values, old_values, returns, mask, clip):
    on = mask.bool()
    now, before, target = values[on], old_values[on], returns[on]
    with torch.no_grad():
        held = (before + (now - before).clamp(-clip, clip) - target) ** 2
    return torch.maximum((now - target) ** 2, held).mean() / 2


# %% clipped upwards only | says: clipped upwards only | falls: visible
# A value that falls far isn't thought of.
def value_loss(values, old_values, returns, mask, clip):
    on = mask.bool()
    now, before, target = values[on], old_values[on], returns[on]
    held = before + (now - before).clamp(max=clip)
    return torch.maximum((now - target) ** 2, (held - target) ** 2).mean() / 2


# %% numpy inside | falls: visible | inputs: same
# The value is right, and the value model learns nothing from it.
def value_loss(values, old_values, returns, mask, clip):
    on = mask.numpy() == 1
    now, before, target = (x.detach().numpy()[on] for x in (values, old_values, returns))
    held = before + np.clip(now - before, -clip, clip)
    return torch.tensor(np.maximum((now - target) ** 2, (held - target) ** 2).mean() / 2)


# %% clip never above 1 | falls: hidden
# A clip is taken for a share.
def value_loss(values, old_values, returns, mask, clip):
    on, clip = mask.bool(), min(clip, 1.0)
    now, before, target = values[on], old_values[on], returns[on]
    held = before + (now - before).clamp(-clip, clip)
    return torch.maximum((now - target) ** 2, (held - target) ** 2).mean() / 2


# %% only tokens with an error | says: which is not right | falls: hidden
# The mean is taken over the tokens whose guess isn't right yet.
def value_loss(values, old_values, returns, mask, clip):
    inside = mask.bool()
    v, o, r = values[inside], old_values[inside], returns[inside]
    held = torch.minimum(torch.maximum(v, o - clip), o + clip)
    worse = torch.maximum((v - r) ** 2, (held - r) ** 2)
    return worse.sum() / (worse > 0).sum().clamp(min=1) / 2
