# %% three rows
# Builds the dictionary from rows of names, verdicts and figures, with lists for the pairs.
def decide():
    names = "size large window overfit gpt4 continue labels".split()
    verdicts = ["true", "false", "true", "false", "not published", "true", "false"]
    figures = ["parameter count", "equal tokens", "positions", "sweep", "none"]
    figures += ["continuations", "written by people"]
    return {n: [v, f] for n, v, f in zip(names, verdicts, figures)}
