# %% running
# Adds and counts in one loop.
def average(values):
    total, count = 0.0, 0
    for value in values:
        if value is not None:
            total, count = total + value, count + 1
    return total / count if count else 0.0
