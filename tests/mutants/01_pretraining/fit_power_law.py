# %% slope for exponent | says: the exponent is minus the slope | falls: visible
# The slope itself is returned.
def fit_power_law(sizes, losses, irreducible):
    slope, height = np.polyfit(np.log(sizes), np.log(losses - irreducible), 1)
    return float(slope), float(np.exp(height))


# %% irreducible loss ignored | says: subtract the irreducible loss before the logarithm | falls: visible
# The logarithm of the whole loss is fitted.
def fit_power_law(sizes, losses, irreducible):
    slope, height = np.polyfit(np.log(sizes), np.log(losses), 1)
    return float(-slope), float(np.exp(height))


# %% logarithm of the constant | says: this is ln c | falls: visible
# The height of the line is taken for the constant.
def fit_power_law(sizes, losses, irreducible):
    slope, height = np.polyfit(np.log(sizes), np.log(losses - irreducible), 1)
    return float(-slope), float(height)


# %% two bases | says: the logarithm has base 10 and its undoing has base e | falls: visible
# log10 before the fit, exp after it.
def fit_power_law(sizes, losses, irreducible):
    slope, height = np.polyfit(np.log10(sizes), np.log10(losses - irreducible), 1)
    return float(-slope), float(np.exp(height))


# %% exchanged axes | says: the axes are exchanged | falls: visible
# ln N is fitted as a function of the loss.
def fit_power_law(sizes, losses, irreducible):
    slope, height = np.polyfit(np.log(losses - irreducible), np.log(sizes), 1)
    return float(-slope), float(np.exp(height))


# %% two points | says: through the first and the last point only | falls: visible
# The line is drawn through the smallest and the largest model.
def fit_power_law(sizes, losses, irreducible):
    x, y = np.log(sizes), np.log(losses - irreducible)
    slope = (y[-1] - y[0]) / (x[-1] - x[0])
    return float(-slope), float(np.exp(y[0] - slope * x[0]))


# %% mean of slopes | says: this is the mean of the slopes between neighbours | falls: visible
# The slopes between neighbouring points are averaged.
def fit_power_law(sizes, losses, irreducible):
    x, y = np.log(sizes), np.log(losses - irreducible)
    slope = np.mean(np.diff(y) / np.diff(x))
    return float(-slope), float(np.exp(y.mean() - slope * x.mean()))


# %% always positive | says: here larger models are worse | falls: visible
# The sign is dropped, as if larger models were always better.
def fit_power_law(sizes, losses, irreducible):
    slope, height = np.polyfit(np.log(sizes), np.log(losses - irreducible), 1)
    return float(abs(slope)), float(np.exp(height))


# %% no floor, no subtraction | falls: hidden
# An irreducible loss of 0 is taken for 'not given' and replaced by half of the smallest loss.
def fit_power_law(sizes, losses, irreducible):
    irreducible = irreducible or losses.min() / 2
    slope, height = np.polyfit(np.log(sizes), np.log(losses - irreducible), 1)
    return float(-slope), float(np.exp(height))


# %% smallest and largest | says: through the smallest and the largest only | falls: visible
# The line is drawn through the two ends.
def fit_power_law(sizes, losses, irreducible):
    order = np.argsort(sizes)
    x, y = np.log(sizes[order]), np.log(losses[order] - irreducible)
    slope = (y[-1] - y[0]) / (x[-1] - x[0])
    return float(-slope), float(np.exp(y[0] - slope * x[0]))


# %% values exchanged | says: the other order | falls: visible
# The constant is returned before the exponent.
def fit_power_law(sizes, losses, irreducible):
    slope, height = np.polyfit(np.log(sizes), np.log(losses - irreducible), 1)
    return float(np.exp(height)), float(-slope)


# %% the turned line | says: vertical distances | falls: visible
# The sizes are fitted as a function of the losses, and the slope is turned over afterwards.
def fit_power_law(sizes, losses, irreducible):
    slope, height = np.polyfit(np.log(losses - irreducible), np.log(sizes), 1)
    return float(-1 / slope), float(np.exp(-height / slope))


# %% sizes sorted alone | says: the pairs are mixed up | falls: visible
# The sizes are put in order, and the losses aren't.
def fit_power_law(sizes, losses, irreducible):
    slope, height = np.polyfit(np.log(np.sort(sizes)), np.log(losses - irreducible), 1)
    return float(-slope), float(np.exp(height))


# %% larger losses weigh more | falls: visible
# The curve itself is fitted, so that a large loss counts more than a small one.
def fit_power_law(sizes, losses, irreducible):
    excess = losses - irreducible
    slope, height = np.polyfit(np.log(sizes), np.log(excess), 1, w=excess)
    return float(-slope), float(np.exp(height))


# %% median of slopes | falls: visible
# The median of the slopes between all pairs is taken, which mistrusts points off the line.
def fit_power_law(sizes, losses, irreducible):
    s, e = np.log(sizes), np.log(losses - irreducible)
    i, j = np.triu_indices(len(s), 1)
    slope = np.median((e[j] - e[i]) / (s[j] - s[i]))
    return float(-slope), float(np.exp(np.median(e - slope * s)))


# %% the smallest loss is the floor | falls: visible
# The irreducible loss is guessed from the losses, and the given one isn't used.
def fit_power_law(sizes, losses, irreducible):
    floor = 0.99 * losses.min()
    slope, height = np.polyfit(np.log(sizes), np.log(losses - floor), 1)
    return float(-slope), float(np.exp(height))


# %% constant of the example | falls: hidden
# The constant that fits the example is written down.
def fit_power_law(sizes, losses, irreducible):
    slope, height = np.polyfit(np.log(sizes), np.log(losses - irreducible), 1)
    return float(-slope), 20.0
