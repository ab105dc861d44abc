# %% rate is p | says: this is the rate itself | falls: visible
# Two labelers also agree when both are wrong.
def label_bits(rate, wanted):
    p = rate
    noise = -sum(x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(np.ceil(wanted / (1 - noise)))


# %% root of the rate | says: this is the root of the rate | falls: visible
# Agreement is taken for both being right.
def label_bits(rate, wanted):
    p = np.sqrt(rate)
    noise = -sum(x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(np.ceil(wanted / (1 - noise)))


# %% nats | says: this is in nats | falls: visible
# The natural logarithm of lesson 01.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = -sum(x * np.log(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(np.ceil(wanted / (1 - noise)))


# %% rounded down | says: so many labels carry a little less | falls: visible
# int cuts off.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = -sum(x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(wanted / (1 - noise))


# %% divided by the noise | says: divide by what a label carries | falls: visible
# Noise and information are mixed up.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = -sum(x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(np.ceil(wanted / noise)) if noise else 0


# %% rounded to the nearest | says: rounded to the nearest whole number | falls: hidden
# round instead of ceil.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = -sum(x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), round(float(wanted / (1 - noise)))


# %% always one more | says: one label too many | falls: hidden
# Rounds down and adds one, also where nothing was left over.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = -sum(x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(wanted / (1 - noise)) + 1


# %% the other root | says: this is the other solution | falls: visible
# The minus of the quadratic formula.
def label_bits(rate, wanted):
    p = (1 - np.sqrt(2 * rate - 1)) / 2
    noise = -sum(x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(np.ceil(wanted / (1 - noise)))


# %% half an entropy | says: add the part of 1 - p | falls: visible
# Only the right choice is thought to be uncertain.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = -p * np.log2(p)
    return float(p), float(noise), int(np.ceil(wanted / (1 - noise)))


# %% entropy of the rate | says: this is the entropy of the rate | falls: visible
# The agreement goes into H, not the labeler's p.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = -sum(x * np.log2(x) for x in (rate, 1 - rate) if x > 0)
    return float(p), float(noise), int(np.ceil(wanted / (1 - noise)))


# %% nan without noise | falls: hidden
# 0 times its logarithm.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    bits = 1 - (noise if noise == noise else 0)
    return float(p), float(noise), int(np.ceil(wanted / bits))


# %% a small number inside the logarithm | falls: visible
# Without noise something is left over, and one label more is asked for.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = -p * np.log2(p + 1e-6) - (1 - p) * np.log2(1 - p + 1e-6)
    return float(p), float(noise), int(np.ceil(wanted / (1 - noise)))


# %% all bits in one label | says: a noisy label carries less than one bit | falls: visible
# A label is taken to carry one bit, whatever its noise.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = sum(-x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(np.ceil(wanted))


# %% whole bits wanted | falls: hidden
# A part of a bit that is wanted is cut off before the division.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = sum(-x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(np.ceil(int(wanted) / (1 - noise)))


# %% what a label carries is rounded | falls: hidden
# The bits of a label are rounded to two places before the division.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = sum(-x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(np.ceil(wanted / round(1 - noise, 3)))


# %% no noise, no label | says: without noise a label carries one bit | falls: hidden
# Without noise the whole answer is set to 0.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    if p == 1:
        return 1.0, 0.0, 0
    noise = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    return float(p), float(noise), int(np.ceil(wanted / (1 - noise)))


# %% the noise is the chance of a mistake | says: the probability of a mistake | falls: visible
# 1 - p is taken for the noise in bits.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    return float(p), float(1 - p), int(np.ceil(wanted / p))


# %% the other way round | says: here 0.68 is the agreement | falls: visible
# p is computed from rate as if rate were the labeler's, and the agreement came out.
def label_bits(rate, wanted):
    p = rate**2 + (1 - rate) ** 2
    noise = sum(-x * np.log2(x) for x in (p, 1 - p) if x > 0)
    return float(p), float(noise), int(np.ceil(wanted / (1 - noise)))


# %% the log of the whole | says: one logarithm of the whole | falls: visible
# One logarithm of both parts together.
def label_bits(rate, wanted):
    p = (1 + np.sqrt(2 * rate - 1)) / 2
    noise = -np.log2(p * p + (1 - p) * (1 - p))
    return float(p), float(noise), int(np.ceil(wanted / (1 - noise)))
