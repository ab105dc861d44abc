# %% all true | says: who had to write it | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "window": ("true", "positions"),
        "labels": ("true", "written by people"),
        "size": ("true", "parameter count"),
        "overfit": ("true", "sweep"),
        "continue": ("true", "continuations"),
        "large": ("true", "equal tokens"),
        "gpt4": ("true", "none"),
    }


# %% more parameters over-fit | says: does the loss on new text rise or fall | falls: hidden
# The rule of thumb of small statistics is carried over without a look at the sweep.
def decide():
    return {
        "window": ("true", "positions"),
        "labels": ("false", "written by people"),
        "size": ("true", "parameter count"),
        "overfit": ("true", "sweep"),
        "continue": ("true", "continuations"),
        "large": ("false", "equal tokens"),
        "gpt4": ("not published", "none"),
    }


# %% large means much data | says: were trained on the same number of tokens | falls: hidden
# "Large" is read as much text.
def decide():
    return {
        "window": ("true", "positions"),
        "labels": ("false", "written by people"),
        "size": ("true", "parameter count"),
        "overfit": ("false", "sweep"),
        "continue": ("true", "continuations"),
        "large": ("true", "equal tokens"),
        "gpt4": ("not published", "none"),
    }


# %% a rumour counts as false | says: Is there a source by OpenAI | falls: hidden
# What isn't published is called false, though nobody can show it.
def decide():
    return {
        "window": ("true", "positions"),
        "labels": ("false", "written by people"),
        "size": ("true", "parameter count"),
        "overfit": ("false", "sweep"),
        "continue": ("true", "continuations"),
        "large": ("false", "equal tokens"),
        "gpt4": ("false", "none"),
    }


# %% cost decides the size | says: another figure decides | falls: hidden
# The verdict is right, but the cost of training is named as its reason.
def decide():
    return {
        "window": ("true", "positions"),
        "labels": ("false", "written by people"),
        "size": ("true", "cost"),
        "overfit": ("false", "sweep"),
        "continue": ("true", "continuations"),
        "large": ("false", "equal tokens"),
        "gpt4": ("not published", "none"),
    }
