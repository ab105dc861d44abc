# %% from a table
# The same answers, built from three lists.
def decide():
    names = ["gpt1", "last", "frozen", "finished", "vector", "words", "ada"]
    verdicts = ["true", "false", "true", "false", "true", "false", "not published"]
    figures = [
        "two trainings",
        "blue line",
        "feature vectors",
        "Python text",
        "dimensions",
        "kitten",
        "none",
    ]
    return {n: [v, f] for n, v, f in zip(names, verdicts, figures, strict=True)}
