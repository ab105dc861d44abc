# %% median | says: You returned the median | falls: visible
# Takes the middle value for the mean.
def average(values):
    present = sorted(value for value in values if value is not None)
    return float(present[len(present) // 2]) if present else 0.0


# %% none_is_zero | says: leave it out of the count | falls: hidden
# Counts a missing value as zero.
def average(values):
    return sum(value or 0.0 for value in values) / max(len(values), 1)


# %% forgets_to_divide | falls: visible
# Returns the sum.
def average(values):
    return float(sum(value for value in values if value is not None))
