# %% everything is true | says: 'last' | falls: hidden
# Every statement is believed.
def decide():
    figures = ("parent", "five ways", "index", "front", "humaneval", "merged")
    names = ("codex", "last", "cushman", "size", "zero", "slow")
    return {name: ("true", figure) for name, figure in zip(names, figures, strict=True)}


# %% an estimate is a publication | says: has anybody said it | falls: hidden
# The size of davinci is taken for that of every model with its name.
def decide():
    return {
        "codex": ("true", "parent"),
        "last": ("false", "five ways"),
        "cushman": ("true", "index"),
        "size": ("true", "front"),
        "zero": ("true", "humaneval"),
        "slow": ("false", "merged"),
    }


# %% memory decides speed | says: another figure decides | falls: hidden
# LoRA's memory is taken for its speed.
def decide():
    return {
        "codex": ("true", "parent"),
        "last": ("false", "five ways"),
        "cushman": ("true", "index"),
        "size": ("not published", "none"),
        "zero": ("true", "humaneval"),
        "slow": ("false", "memory"),
    }


# %% verdicts alone | says: a tuple of verdict and figure | falls: visible
# The figures are left out.
def decide():
    return {
        "codex": "true",
        "last": "false",
        "cushman": "true",
        "size": "not published",
        "zero": "true",
        "slow": "false",
    }
