# %% all true | says: divide by the cost of pre-training | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "start": ("true", "first KL"),
        "cost": ("true", "petaflop/s-days"),
        "scorer": ("true", "answers scored"),
        "higher": ("true", "proxy and truth"),
        "small": ("true", "headline"),
        "shrank": ("true", "sizes trained"),
        "tax": ("true", "SQuADv2 and others"),
        "bias": ("true", "Winogender and CrowS-Pairs"),
    }


# %% all false | says: how far from the reference model | falls: hidden
# Everything that is said of RLHF is taken for a myth.
def decide():
    return {
        "start": ("false", "first KL"),
        "cost": ("false", "petaflop/s-days"),
        "scorer": ("false", "answers scored"),
        "higher": ("false", "proxy and truth"),
        "small": ("false", "headline"),
        "shrank": ("false", "sizes trained"),
        "tax": ("false", "SQuADv2 and others"),
        "bias": ("false", "Winogender and CrowS-Pairs"),
    }


# %% RLHF is expensive | says: divide by the cost of pre-training | falls: hidden
# The cost of many scored answers is overrated.
def decide():
    return {
        "start": ("true", "first KL"),
        "cost": ("true", "petaflop/s-days"),
        "scorer": ("true", "answers scored"),
        "higher": ("false", "proxy and truth"),
        "small": ("true", "headline"),
        "shrank": ("false", "sizes trained"),
        "tax": ("true", "SQuADv2 and others"),
        "bias": ("false", "Winogender and CrowS-Pairs"),
    }


# %% a good judge | says: What does the labeler say | falls: hidden
# The reward model is taken for the labeler.
def decide():
    return {
        "start": ("true", "first KL"),
        "cost": ("false", "petaflop/s-days"),
        "scorer": ("true", "answers scored"),
        "higher": ("true", "proxy and truth"),
        "small": ("true", "headline"),
        "shrank": ("false", "sizes trained"),
        "tax": ("true", "SQuADv2 and others"),
        "bias": ("false", "Winogender and CrowS-Pairs"),
    }


# %% a shrunk model | says: How many models were there | falls: hidden
# 1.3B is taken for a smaller edition of 175B.
def decide():
    return {
        "start": ("true", "first KL"),
        "cost": ("false", "petaflop/s-days"),
        "scorer": ("true", "answers scored"),
        "higher": ("false", "proxy and truth"),
        "small": ("true", "headline"),
        "shrank": ("true", "sizes trained"),
        "tax": ("true", "SQuADv2 and others"),
        "bias": ("false", "Winogender and CrowS-Pairs"),
    }


# %% RLHF removes bias | says: on the two measures of bias | falls: hidden
# Manners are taken for fairness.
def decide():
    return {
        "start": ("true", "first KL"),
        "cost": ("false", "petaflop/s-days"),
        "scorer": ("true", "answers scored"),
        "higher": ("false", "proxy and truth"),
        "small": ("true", "headline"),
        "shrank": ("false", "sizes trained"),
        "tax": ("true", "SQuADv2 and others"),
        "bias": ("true", "Winogender and CrowS-Pairs"),
    }


# %% the right verdict for a wrong reason | says: another figure decides | falls: hidden
# The clip is thought to say where PPO begins.
def decide():
    return {
        "start": ("true", "clip"),
        "cost": ("false", "petaflop/s-days"),
        "scorer": ("true", "answers scored"),
        "higher": ("false", "proxy and truth"),
        "small": ("true", "headline"),
        "shrank": ("false", "sizes trained"),
        "tax": ("true", "SQuADv2 and others"),
        "bias": ("false", "Winogender and CrowS-Pairs"),
    }


# %% figures alone | says: a tuple of verdict and figure is asked for | falls: visible
# The verdicts are left out.
def decide():
    return {
        "start": "first KL",
        "cost": "petaflop/s-days",
        "scorer": "answers scored",
        "higher": "proxy and truth",
        "small": "headline",
        "shrank": "sizes trained",
        "tax": "SQuADv2 and others",
        "bias": "Winogender and CrowS-Pairs",
    }
