# %% softplus
# ln(1 + exp(-margin)) is -ln sigma(margin), and torch has it in a stable form.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    policy = policy_preferred - policy_other
    reference = reference_preferred - reference_other
    return torch.nn.functional.softplus(-beta * (policy - reference)).mean()


# %% cross-entropy of two
# A softmax over the two implicit rewards, in which the first is the right class.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    gains = [policy_preferred - reference_preferred, policy_other - reference_other]
    logits = beta * torch.stack(gains, dim=1)
    return (logits.logsumexp(dim=1) - logits[:, 0]).mean()


# %% logaddexp
# ln(1 + e^-m) as torch's logarithm of a sum of exponentials.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    ratio = (policy_preferred - policy_other) - (reference_preferred - reference_other)
    zero = torch.zeros_like(ratio)
    return torch.logaddexp(zero, -beta * ratio).sum() / ratio.numel()
