# %% three rows
# Builds the dictionary from rows of names, verdicts and figures, with lists for the pairs.
def decide():
    names = "size speed tax data name start method".split()
    verdicts = ["not published", "false", "true", "false", "true", "false", "true"]
    figures = ["none", "same size", "ptx", "cut-offs", "order", "three steps", "announcement"]
    return {n: [v, f] for n, v, f in zip(names, verdicts, figures)}
