# %% clamp with borders
# The value is clamped between two tensors, and everything outside the mask is made 0 first.
def value_loss(values, old_values, returns, mask, clip):
    nothing = torch.zeros_like(values)
    v, o, r = (torch.where(mask == 1, x, nothing) for x in (values, old_values, returns))
    held = torch.max(torch.min(v, o + clip), o - clip)
    squares = torch.stack([v - r, held - r]).square().amax(dim=0)
    return squares.sum() / (2 * mask.sum())


# %% larger distance
# The larger distance is found first, and squared at the end.
def value_loss(values, old_values, returns, mask, clip):
    kept = mask > 0
    moved = torch.clamp(values - old_values, min=-clip, max=clip)
    far = torch.maximum((values - returns).abs(), (old_values + moved - returns).abs())
    return torch.masked_select(far, kept).pow(2).mean().mul(0.5)


# %% old values changed
# The old values are moved in place; the mean is taken answer by answer.
def value_loss(values, old_values, returns, mask, clip):
    total = 0.0
    for now, held, target, row in zip(values, old_values, returns, mask):
        at = row.nonzero()[:, 0]
        held = held[at] + torch.clamp(now[at] - held[at], -clip, clip)
        total = total + torch.maximum((now[at] - target[at]) ** 2, (held - target[at]) ** 2).sum()
    old_values += clip
    return total / mask.sum() / 2
