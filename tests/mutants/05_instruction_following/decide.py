# %% all true | says: the figures say otherwise | falls: hidden
# Everything that is written in a table is believed.
def decide():
    return {
        "prompt": ("true", "four ways"),
        "ppo": ("true", "method"),
        "few": ("true", "prompts"),
        "stop": ("true", "rounds"),
        "cheap": ("true", "compute"),
        "origin": ("true", "none"),
    }


# %% InstructGPT is PPO | says: not what it is called | falls: hidden
# The name is taken for the method.
def decide():
    return {
        "prompt": ("true", "four ways"),
        "ppo": ("true", "method"),
        "few": ("true", "prompts"),
        "stop": ("false", "rounds"),
        "cheap": ("true", "compute"),
        "origin": ("not published", "none"),
    }


# %% another figure | says: another figure decides | falls: hidden
# Right verdicts, with a figure that wouldn't come out differently.
def decide():
    return {
        "prompt": ("true", "template"),
        "ppo": ("false", "method"),
        "few": ("true", "labelers"),
        "stop": ("false", "rounds"),
        "cheap": ("true", "compute"),
        "origin": ("not published", "none"),
    }


# %% nothing said means false | says: Has OpenAI said | falls: hidden
# What isn't published is called false.
def decide():
    return {
        "prompt": ("true", "four ways"),
        "ppo": ("false", "method"),
        "few": ("true", "prompts"),
        "stop": ("false", "rounds"),
        "cheap": ("true", "compute"),
        "origin": ("false", "none"),
    }


# %% verdicts alone | says: a tuple of verdict and figure is asked for | falls: visible
# The figures are left out.
def decide():
    return {
        "prompt": "true",
        "ppo": "false",
        "few": "true",
        "stop": "false",
        "cheap": "true",
        "origin": "not published",
    }
