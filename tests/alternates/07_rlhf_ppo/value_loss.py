# %% clamp with borders
# The value is clamped between two tensors, and the mask is a weight.
def value_loss(values, old_values, returns, mask, clip):
    held = torch.max(torch.min(values, old_values + clip), old_values - clip)
    squares = torch.stack([values - returns, held - returns]).square().amax(dim=0)
    weights = mask.to(values.dtype)
    return (squares * weights).sum() / (2 * weights.sum())


# %% larger distance
# The larger distance is found first, and squared at the end.
def value_loss(values, old_values, returns, mask, clip):
    kept = mask > 0
    moved = torch.clamp(values - old_values, min=-clip, max=clip)
    far = torch.maximum((values - returns).abs(), (old_values + moved - returns).abs())
    return torch.masked_select(far, kept).pow(2).mean().mul(0.5)
