# %% rows
# Builds the dictionary from rows, with lists for the pairs.
def decide():
    names = "chatgpt compare zero rufus knowledge people backflip perfect".split()
    verdicts = ["not published", "true", "false", "false", "false", "true", "true", "false"]
    figures = ["none", "order", "shift", "corrections", "bits of a label", "72.4 and 72.6"]
    figures += ["backflip paper", "ceiling"]
    return {n: [v, f] for n, v, f in zip(names, verdicts, figures)}
