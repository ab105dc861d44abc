# %% answer by answer
# Each answer is cut out of the table and gets its own mean.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    means = []
    for new, old, kept, gain, row in zip(
        logprobs, old_logprobs, reference_logprobs, advantages, mask.bool(), strict=True
    ):
        new, old, kept = new[row], old[row], kept[row]
        ratio = torch.exp(new - old)
        held = torch.clip(ratio, 1 - clip, 1 + clip)
        price = torch.expm1(kept - new) - (kept - new)
        means.append((torch.minimum(ratio * gain, held * gain) - beta * price).mean())
    return -torch.stack(means).mean()


# %% weights of the tokens
# Each token weighs one by the length of its answer; the masked places are picked first.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    answer, place = mask.nonzero(as_tuple=True)
    new = logprobs[answer, place]
    weight = 1 / (mask.sum(dim=1)[answer] * len(mask))
    ratio = (new - old_logprobs[answer, place]).exp()
    gain = advantages[answer]
    # The smaller product, by the sign of the advantage: above 0 the ratio is cut from above.
    held = torch.where(gain > 0, ratio.clamp(max=1 + clip), ratio.clamp(min=1 - clip))
    away = reference_logprobs[answer, place] - new
    return (weight * (beta * (away.exp() - 1 - away) - held * gain)).sum()


# %% masked_fill and two terms
# The surrogate and the price are averaged apart, with padding filled beforehand.
def grpo_loss(logprobs, old_logprobs, reference_logprobs, advantages, mask, clip, beta):
    def mean(values):
        return (values.masked_fill(mask == 0, 0.0).sum(1) / mask.sum(1)).sum() / mask.shape[0]

    new = logprobs.masked_fill(mask == 0, 0.0)
    old = old_logprobs.masked_fill(mask == 0, 0.0)
    kept = reference_logprobs.masked_fill(mask == 0, 0.0)
    ratio = torch.exp(new - old)
    gain = advantages.unsqueeze(1)
    lost = torch.maximum(-ratio * gain, -ratio.clamp(1 - clip, 1 + clip) * gain)
    return mean(lost) + beta * mean(torch.exp(kept - new) + new - kept - 1)
