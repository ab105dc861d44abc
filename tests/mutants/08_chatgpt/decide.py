# %% all true | says: 'size': the verdict isn't right | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "method": ("true", "sibling"),
        "size": ("true", "not published"),
        "name": ("true", 14),
        "memory": ("true", 3),
        "filter": ("true", 112),
        "start": ("true", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("true", 175000000000.0),
    }


# %% all false | says: 'method': the verdict isn't right | falls: hidden
# Nothing is believed.
def decide():
    return {
        "method": ("false", "sibling"),
        "size": ("false", "not published"),
        "name": ("false", 14),
        "memory": ("false", 3),
        "filter": ("false", 112),
        "start": ("false", "SFT"),
        "interval": ("false", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% 175 billion | says: 'size' | falls: hidden
# GPT-3's size is taken for that of its descendant, and the table isn't read.
def decide():
    return {
        "method": ("true", "sibling"),
        "size": ("true", "175B"),
        "name": ("true", 14),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% the weights change | says: No message changes a weight | falls: hidden
# The model is thought to learn while it talks.
def decide():
    return {
        "method": ("true", "sibling"),
        "size": ("not published", "not published"),
        "name": ("true", 14),
        "memory": ("true", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% read once | says: 'memory': another figure decides | falls: hidden
# The first message is thought to be read once.
def decide():
    return {
        "method": ("true", "sibling"),
        "size": ("not published", "not published"),
        "name": ("true", 14),
        "memory": ("false", 1),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% months of the base model | says: 'name': another figure decides | falls: hidden
# GPT-3's cut-off is taken for ChatGPT's.
def decide():
    return {
        "method": ("true", "sibling"),
        "size": ("not published", "not published"),
        "name": ("true", 37),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% a quarter | says: 'interval': another figure decides | falls: hidden
# Four times as many comparisons are thought to make the interval a quarter as wide.
def decide():
    return {
        "method": ("true", "sibling"),
        "size": ("not published", "not published"),
        "name": ("true", 14),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 0.75),
        "slower": ("false", 175000000000.0),
    }


# %% starts from the reward model | says: 'start': another figure decides | falls: hidden
# The reward model is taken for the model that PPO trains.
def decide():
    return {
        "method": ("true", "sibling"),
        "size": ("not published", "not published"),
        "name": ("true", 14),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "reward model"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% smaller, therefore faster | says: Three sizes of InstructGPT | falls: hidden
# The smallest InstructGPT is taken for all of them.
def decide():
    return {
        "method": ("true", "sibling"),
        "size": ("not published", "not published"),
        "name": ("true", 14),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("true", 1300000000.0),
    }


# %% a number in words | says: but a number | falls: visible
# Days are written with their unit.
def decide():
    return {
        "method": ("true", "sibling"),
        "size": ("not published", "not published"),
        "name": ("true", 14),
        "memory": ("false", 3),
        "filter": ("true", "112 days"),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% a verdict of one's own | says: isn't a verdict | falls: visible
# Half true isn't one of the three.
def decide():
    return {
        "method": ("half true", "sibling"),
        "size": ("not published", "not published"),
        "name": ("true", 14),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }
