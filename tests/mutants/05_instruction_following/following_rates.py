# %% None is a no | says: a kind without a verdict doesn't appear | falls: visible
# An undecided request counts as not followed.
def following_rates(kinds, verdicts, z=1.96):
    rates = {}
    for kind in dict.fromkeys(kinds):
        found = [bool(v) for k, v in zip(kinds, verdicts) if k == kind]
        n, p = len(found), sum(found) / len(found)
        d = 1 + z**2 / n
        half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
        rates[kind] = (p, (p + z**2 / (2 * n) - half) / d, (p + z**2 / (2 * n) + half) / d)
    return rates


# %% None counts below | says: leave undecided requests out of the number | falls: hidden
# Undecided requests are no yes, but stay in the number that is divided by.
def following_rates(kinds, verdicts, z=1.96):
    rates = {}
    for kind in dict.fromkeys(kinds):
        found = [v for k, v in zip(kinds, verdicts) if k == kind]
        if all(v is None for v in found):
            continue
        n, p = len(found), sum(v is not None and bool(v) for v in found) / len(found)
        d = 1 + z**2 / n
        half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
        rates[kind] = (p, (p + z**2 / (2 * n) - half) / d, (p + z**2 / (2 * n) + half) / d)
    return rates


# %% textbook interval | says: this is the textbook interval | falls: visible
# The normal approximation.
def following_rates(kinds, verdicts, z=1.96):
    rates = {}
    for kind in dict.fromkeys(kinds):
        found = [v for k, v in zip(kinds, verdicts) if k == kind and v is not None]
        if found:
            p = sum(found) / len(found)
            half = z * (p * (1 - p) / len(found)) ** 0.5
            rates[kind] = (p, p - half, p + half)
    return rates


# %% textbook interval, cut | says: cut off at 1 | falls: visible
# The normal approximation, kept between 0 and 1.
def following_rates(kinds, verdicts, z=1.96):
    rates = {}
    for kind in dict.fromkeys(kinds):
        found = [v for k, v in zip(kinds, verdicts) if k == kind and v is not None]
        if found:
            p = sum(found) / len(found)
            half = z * (p * (1 - p) / len(found)) ** 0.5
            rates[kind] = (p, max(0.0, p - half), min(1.0, p + half))
    return rates


# %% not divided | says: divide the middle and the half width | falls: visible
# The factor before the bracket is forgotten.
def following_rates(kinds, verdicts, z=1.96):
    rates = {}
    for kind in dict.fromkeys(kinds):
        found = [v for k, v in zip(kinds, verdicts) if k == kind and v is not None]
        if found:
            n, p = len(found), sum(found) / len(found)
            half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
            rates[kind] = (p, p + z**2 / (2 * n) - half, p + z**2 / (2 * n) + half)
    return rates


# %% the rate is the middle | says: Wilson's middle lies nearer to one half | falls: visible
# The interval is put around the measured rate.
def following_rates(kinds, verdicts, z=1.96):
    rates = {}
    for kind in dict.fromkeys(kinds):
        found = [v for k, v in zip(kinds, verdicts) if k == kind and v is not None]
        if found:
            n, p = len(found), sum(found) / len(found)
            half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5 / (1 + z**2 / n)
            rates[kind] = (p, p - half, p + half)
    return rates


# %% z is 1.96 | says: z is an argument | falls: hidden
# The width is written down.
def following_rates(kinds, verdicts, z=1.96):
    rates, z = {}, 1.96
    for kind in dict.fromkeys(kinds):
        found = [v for k, v in zip(kinds, verdicts) if k == kind and v is not None]
        if found:
            n, p = len(found), sum(found) / len(found)
            d = 1 + z**2 / n
            half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
            rates[kind] = (p, (p + z**2 / (2 * n) - half) / d, (p + z**2 / (2 * n) + half) / d)
    return rates


# %% truth values only | says: keys | falls: hidden
# Verdicts are looked for with `is True` and `is False`, so 1 and 0 are nothing.
def following_rates(kinds, verdicts, z=1.96):
    rates = {}
    for kind in dict.fromkeys(kinds):
        found = [v for k, v in zip(kinds, verdicts) if k == kind and (v is True or v is False)]
        if found:
            n, p = len(found), sum(found) / len(found)
            d = 1 + z**2 / n
            half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
            rates[kind] = (p, (p + z**2 / (2 * n) - half) / d, (p + z**2 / (2 * n) + half) / d)
    return rates
