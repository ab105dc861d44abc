# %% all true | says: From which model does InstructGPT's PPO start | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "method": ("true", "announcement"),
        "start": ("true", "three steps"),
        "name": ("true", "order"),
        "data": ("true", "cut-offs"),
        "tax": ("true", "ptx"),
        "speed": ("true", "same size"),
        "size": ("true", "none"),
    }


# %% the model knows itself | says: Which is older, the text of pre-training or the name | falls: hidden
# A model is thought to have read about itself.
def decide():
    return {
        "method": ("true", "announcement"),
        "start": ("false", "three steps"),
        "name": ("false", "order"),
        "data": ("false", "cut-offs"),
        "tax": ("true", "ptx"),
        "speed": ("false", "same size"),
        "size": ("not published", "none"),
    }


# %% 175 billion | says: Is there a source by OpenAI | falls: hidden
# GPT-3's size is taken for that of its descendant.
def decide():
    return {
        "method": ("true", "announcement"),
        "start": ("false", "three steps"),
        "name": ("true", "order"),
        "data": ("false", "cut-offs"),
        "tax": ("true", "ptx"),
        "speed": ("false", "same size"),
        "size": ("true", "same size"),
    }


# %% window decides the data | says: another fact decides | falls: hidden
# The verdict is right, but the length of the window is named as its reason.
def decide():
    return {
        "method": ("true", "announcement"),
        "start": ("false", "three steps"),
        "name": ("true", "order"),
        "data": ("false", "window"),
        "tax": ("true", "ptx"),
        "speed": ("false", "same size"),
        "size": ("not published", "none"),
    }


# %% a figure that isn't there | says: isn't a figure | falls: visible
# The reason is told in one's own words.
def decide():
    return {
        "method": ("true", "they said so"),
        "start": ("false", "three steps"),
        "name": ("true", "order"),
        "data": ("false", "cut-offs"),
        "tax": ("true", "ptx"),
        "speed": ("false", "same size"),
        "size": ("not published", "none"),
    }
