# %% without the reference | says: the reference model is missing | falls: visible
# Likely answers are taken for good ones.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = beta * (policy_preferred - policy_other)
    return -torch.nn.functional.logsigmoid(margin).mean()


# %% without the price | says: beta is missing | falls: visible
# Each nat counts fully.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = (policy_preferred - reference_preferred) - (policy_other - reference_other)
    return -torch.nn.functional.logsigmoid(margin).mean()


# %% answers mixed up | says: are mixed up | falls: visible
# The worse answer shall gain.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = (policy_other - reference_other) - (policy_preferred - reference_preferred)
    return -torch.nn.functional.logsigmoid(beta * margin).mean()


# %% reference mixed up | says: the reference model's two numbers are mixed up | falls: visible
# Each answer is measured against the other one's beginning.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = (policy_preferred - reference_other) - (policy_other - reference_preferred)
    return -torch.nn.functional.logsigmoid(beta * margin).mean()


# %% gains added | says: take their difference | falls: visible
# Both answers shall gain.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    gains = (policy_preferred - reference_preferred) + (policy_other - reference_other)
    return -torch.nn.functional.logsigmoid(beta * gains).mean()


# %% only the preferred answer | says: the other answer is missing | falls: visible
# A loss of one answer.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = beta * (policy_preferred - reference_preferred)
    return -torch.nn.functional.logsigmoid(margin).mean()


# %% sum | says: take the mean | falls: visible
# The pairs are added up.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = (policy_preferred - reference_preferred) - (policy_other - reference_other)
    return -torch.nn.functional.logsigmoid(beta * margin).sum()


# %% logarithm of the mean | says: the logarithm comes last | falls: visible
# First the mean probability, then the logarithm.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = (policy_preferred - reference_preferred) - (policy_other - reference_other)
    return -torch.log(torch.sigmoid(beta * margin).mean())


# %% probability instead of loss | says: take minus the logarithm | falls: visible
# How likely the choices are.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = (policy_preferred - reference_preferred) - (policy_other - reference_other)
    return torch.sigmoid(beta * margin).mean()


# %% logarithm of sigma | says: use a stable form | falls: hidden
# sigma of -500 is 0 for the computer.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = (policy_preferred - reference_preferred) - (policy_other - reference_other)
    return -torch.log(torch.sigmoid(beta * margin)).mean()


# %% logarithm of 1 + exp | says: use a stable form | falls: hidden
# The exponential overflows for pairs that are far from right.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = (policy_preferred - reference_preferred) - (policy_other - reference_other)
    return torch.log1p(torch.exp(-beta * margin)).mean()


# %% a small number inside | says: hides how wrong the policy is | falls: hidden
# The logarithm is saved by a small number, and large mistakes look small.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = (policy_preferred - reference_preferred) - (policy_other - reference_other)
    return -torch.log(torch.sigmoid(beta * margin) + 1e-8).mean()


# %% the price of the example | says: take `beta` | falls: hidden
# 0.5 as in the first check.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    margin = (policy_preferred - reference_preferred) - (policy_other - reference_other)
    return -torch.nn.functional.logsigmoid(0.5 * margin).mean()


# %% through numpy | says: the way back is cut | falls: visible | inputs: same
# The value is right, but no gradient comes back.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    four = (policy_preferred, policy_other, reference_preferred, reference_other)
    a, b, c, d = (x.detach().double().numpy() for x in four)
    return torch.tensor(float(np.logaddexp(0.0, -beta * ((a - c) - (b - d))).mean()))


# %% the other side is still | says: no gradient comes back | falls: visible | inputs: same
# Only the preferred answers are trained; the others are detached.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    gained = policy_preferred - reference_preferred
    lost = (policy_other - reference_other).detach()
    return torch.nn.functional.softplus(-beta * (gained - lost)).mean()


# %% a branch that isn't taken | says: is nan or infinite | falls: hidden | inputs: same
# Values are right everywhere, but the gradient of the other branch is infinity times 0.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    m = beta * ((policy_preferred - reference_preferred) - (policy_other - reference_other))
    return torch.where(m < -30, -m, torch.log1p(torch.exp(-m))).mean()


# %% only right pairs are trained | says: no gradient comes back | falls: hidden | inputs: same
# Where the policy is wrong the margin is detached.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    m = beta * ((policy_preferred - reference_preferred) - (policy_other - reference_other))
    return -torch.nn.functional.logsigmoid(torch.where(m < 0, m.detach(), m)).mean()


# %% no slope at zero | says: no gradient comes back | falls: hidden | inputs: same
# The stable form by hand; relu has no slope at a margin of exactly 0, where training begins.
def dpo_loss(policy_preferred, policy_other, reference_preferred, reference_other, beta):
    m = beta * ((policy_preferred - reference_preferred) - (policy_other - reference_other))
    far = torch.relu(-m) + torch.log1p(torch.exp(-m.abs()))
    return far.mean()
