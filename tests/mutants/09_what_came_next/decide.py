# %% all true | says: in its own words | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "judge": ("true", "inputs of the loss"),
        "size": ("true", "left out"),
        "share": ("true", "petaflop/s-days"),
        "proxy": ("true", "proxy and truth"),
        "method": ("true", "training"),
        "calibration": ("true", "calibration error"),
        "small runs": ("true", "predicted"),
        "announced": ("true", "interview"),
    }


# %% all false | says: What does `dpo_loss` get | falls: hidden
# Everything that is said of new models is taken for a myth.
def decide():
    return {
        "judge": ("false", "inputs of the loss"),
        "size": ("false", "left out"),
        "share": ("false", "petaflop/s-days"),
        "proxy": ("false", "proxy and truth"),
        "method": ("false", "training"),
        "calibration": ("false", "calibration error"),
        "small runs": ("false", "predicted"),
        "announced": ("false", "interview"),
    }


# %% nothing is known | says: What does `dpo_loss` get | falls: hidden
# Everything is taken for unpublished.
def decide():
    return {
        "judge": ("not published", "inputs of the loss"),
        "size": ("not published", "left out"),
        "share": ("not published", "petaflop/s-days"),
        "proxy": ("not published", "proxy and truth"),
        "method": ("not published", "training"),
        "calibration": ("not published", "calibration error"),
        "small runs": ("not published", "predicted"),
        "announced": ("not published", "interview"),
    }


# %% a number that many repeat | says: What does the report say about the size | falls: hidden
# Leaks and rumours are taken for a publication.
def decide():
    return {
        "judge": ("true", "inputs of the loss"),
        "size": ("true", "left out"),
        "share": ("true", "petaflop/s-days"),
        "proxy": ("false", "proxy and truth"),
        "method": ("true", "training"),
        "calibration": ("false", "calibration error"),
        "small runs": ("true", "predicted"),
        "announced": ("false", "interview"),
    }


# %% a judge in DPO | says: What does `dpo_loss` get | falls: hidden
# DPO is taken for a kind of RLHF with a reward model.
def decide():
    return {
        "judge": ("false", "inputs of the loss"),
        "size": ("not published", "left out"),
        "share": ("true", "petaflop/s-days"),
        "proxy": ("false", "proxy and truth"),
        "method": ("true", "training"),
        "calibration": ("false", "calibration error"),
        "small runs": ("true", "predicted"),
        "announced": ("false", "interview"),
    }


# %% RLHF is expensive | says: divide by the cost of pre-training | falls: hidden
# 60 petaflop/s-days sound like much.
def decide():
    return {
        "judge": ("true", "inputs of the loss"),
        "size": ("not published", "left out"),
        "share": ("false", "petaflop/s-days"),
        "proxy": ("false", "proxy and truth"),
        "method": ("true", "training"),
        "calibration": ("false", "calibration error"),
        "small runs": ("true", "predicted"),
        "announced": ("false", "interview"),
    }


# %% a good judge | says: What does the labeler say | falls: hidden
# The reward model is taken for the labeler.
def decide():
    return {
        "judge": ("true", "inputs of the loss"),
        "size": ("not published", "left out"),
        "share": ("true", "petaflop/s-days"),
        "proxy": ("true", "proxy and truth"),
        "method": ("true", "training"),
        "calibration": ("false", "calibration error"),
        "small runs": ("true", "predicted"),
        "announced": ("false", "interview"),
    }


# %% RLHF makes everything better | says: Which of the two errors | falls: hidden
# Manners are taken for reliability.
def decide():
    return {
        "judge": ("true", "inputs of the loss"),
        "size": ("not published", "left out"),
        "share": ("true", "petaflop/s-days"),
        "proxy": ("false", "proxy and truth"),
        "method": ("true", "training"),
        "calibration": ("true", "calibration error"),
        "small runs": ("true", "predicted"),
        "announced": ("false", "interview"),
    }


# %% the right verdict for a wrong reason | says: another figure decides | falls: hidden
# An exam is taken for a prediction.
def decide():
    return {
        "judge": ("true", "inputs of the loss"),
        "size": ("not published", "left out"),
        "share": ("true", "petaflop/s-days"),
        "proxy": ("false", "proxy and truth"),
        "method": ("true", "training"),
        "calibration": ("false", "calibration error"),
        "small runs": ("true", "exam"),
        "announced": ("false", "interview"),
    }


# %% figures alone | says: a tuple of verdict and figure is asked for | falls: visible
# The verdicts are left out.
def decide():
    return {
        "judge": "inputs of the loss",
        "size": "left out",
        "share": "petaflop/s-days",
        "proxy": "proxy and truth",
        "method": "training",
        "calibration": "calibration error",
        "small runs": "predicted",
        "announced": "interview",
    }
