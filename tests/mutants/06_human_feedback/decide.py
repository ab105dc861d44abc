# %% all true | says: A rewritten sentence is a demonstration | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "compare": ("true", "order"),
        "rufus": ("true", "corrections"),
        "people": ("true", "72.4 and 72.6"),
        "perfect": ("true", "ceiling"),
        "backflip": ("true", "backflip paper"),
        "zero": ("true", "shift"),
        "knowledge": ("true", "bits of a label"),
        "chatgpt": ("true", "none"),
    }


# %% all false | says: What do the labelers hand over | falls: hidden
# Everything is taken for a myth.
def decide():
    return {
        "compare": ("false", "order"),
        "rufus": ("false", "corrections"),
        "people": ("false", "72.4 and 72.6"),
        "perfect": ("false", "ceiling"),
        "backflip": ("false", "backflip paper"),
        "zero": ("false", "shift"),
        "knowledge": ("false", "bits of a label"),
        "chatgpt": ("false", "none"),
    }


# %% more labels beat the noise | says: can't both be predicted | falls: hidden
# A model is thought to get above its labelers' noise by size.
def decide():
    return {
        "compare": ("true", "order"),
        "rufus": ("false", "corrections"),
        "people": ("true", "72.4 and 72.6"),
        "perfect": ("true", "ceiling"),
        "backflip": ("true", "backflip paper"),
        "zero": ("false", "shift"),
        "knowledge": ("false", "bits of a label"),
        "chatgpt": ("not published", "none"),
    }


# %% six billion | says: those of InstructGPT's reward model | falls: hidden
# What is known of InstructGPT is carried over to ChatGPT.
def decide():
    return {
        "compare": ("true", "order"),
        "rufus": ("false", "corrections"),
        "people": ("true", "72.4 and 72.6"),
        "perfect": ("false", "ceiling"),
        "backflip": ("true", "backflip paper"),
        "zero": ("false", "shift"),
        "knowledge": ("false", "bits of a label"),
        "chatgpt": ("true", "none"),
    }


# %% zero means neutral | says: Add 5 to all rewards | falls: hidden
# The zero of the scale is taken for something that was learned.
def decide():
    return {
        "compare": ("true", "order"),
        "rufus": ("false", "corrections"),
        "people": ("true", "72.4 and 72.6"),
        "perfect": ("false", "ceiling"),
        "backflip": ("true", "backflip paper"),
        "zero": ("true", "shift"),
        "knowledge": ("false", "bits of a label"),
        "chatgpt": ("not published", "none"),
    }


# %% another figure | says: another figure decides | falls: hidden
# The right verdict by a figure that says nothing about it.
def decide():
    return {
        "compare": ("true", "order"),
        "rufus": ("false", "corrections"),
        "people": ("true", "72.4 and 72.6"),
        "perfect": ("false", "ceiling"),
        "backflip": ("true", "backflip paper"),
        "zero": ("false", "shift"),
        "knowledge": ("false", "learning rate"),
        "chatgpt": ("not published", "none"),
    }


# %% a list | says: a dictionary is asked for | falls: visible
# The verdicts alone, in the order of the table.
def decide():
    return ['true', 'false', 'true', 'false', 'true', 'false', 'false', 'not published']
