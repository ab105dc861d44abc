# %% lists
# Pairs as lists, built from three columns.
def decide():
    names = ["prompt", "ppo", "few", "stop", "cheap", "origin"]
    verdicts = ["true", "false", "true", "false", "true", "not published"]
    figures = ["four ways", "method", "prompts", "rounds", "compute", "none"]
    return {name: [v, f] for name, v, f in zip(names, verdicts, figures)}
