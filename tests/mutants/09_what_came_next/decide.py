# %% all true | says: The error grew about tenfold | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "judge": ("true", 2),
        "calibration": ("true", 0.074),
        "share": ("true", 0.01783),
        "size": ("true", "not published"),
        "small_runs": ("true", 0.001),
        "announced": ("true", "denied"),
    }


# %% all false | says: Only two models read a pair | falls: hidden
# What people say is all taken for wrong.
def decide():
    return {
        "judge": ("false", 2),
        "calibration": ("false", 0.074),
        "share": ("false", 0.01783),
        "size": ("false", "not published"),
        "small_runs": ("false", 0.001),
        "announced": ("false", "denied"),
    }


# %% nothing is published | says: Only two models read a pair | falls: hidden
# OpenAI's silence is taken to be complete.
def decide():
    return {
        "judge": ("not published", 2),
        "calibration": ("not published", 0.074),
        "share": ("not published", 0.01783),
        "size": ("not published", "not published"),
        "small_runs": ("not published", 0.001),
        "announced": ("not published", "denied"),
    }


# %% a rumour counts as false | says: isn't a publication | falls: hidden
# What nobody has published is called false.
def decide():
    return {
        "judge": ("true", 2),
        "calibration": ("false", 0.074),
        "share": ("true", 0.01783),
        "size": ("false", "not published"),
        "small_runs": ("true", 0.001),
        "announced": ("false", "denied"),
    }


# %% denied is not published | says: Denied isn't the same | falls: hidden
# The heap of what was denied is mixed up with that of what isn't told.
def decide():
    return {
        "judge": ("true", 2),
        "calibration": ("false", 0.074),
        "share": ("true", 0.01783),
        "size": ("not published", "not published"),
        "small_runs": ("true", 0.001),
        "announced": ("not published", "not published"),
    }


# %% the error of before | says: another figure decides | falls: hidden
# The smaller of the two errors is named.
def decide():
    return {
        "judge": ("true", 2),
        "calibration": ("false", 0.007),
        "share": ("true", 0.01783),
        "size": ("not published", "not published"),
        "small_runs": ("true", 0.001),
        "announced": ("false", "denied"),
    }


# %% PPO alone | says: another figure decides | falls: hidden
# The 4.9 of SFT are left out.
def decide():
    return {
        "judge": ("true", 2),
        "calibration": ("false", 0.074),
        "share": ("true", 60 / 3640),
        "size": ("not published", "not published"),
        "small_runs": ("true", 0.001),
        "announced": ("false", "denied"),
    }


# %% a thousand | says: another figure decides | falls: hidden
# The part is given as its inverse.
def decide():
    return {
        "judge": ("true", 2),
        "calibration": ("false", 0.074),
        "share": ("true", 0.01783),
        "size": ("not published", "not published"),
        "small_runs": ("true", 1000),
        "announced": ("false", "denied"),
    }


# %% a percentage in words | says: but a number (a billion is 1e9) is asked for | falls: visible
# Figures are written as text.
def decide():
    return {
        "judge": ("true", 2),
        "calibration": ("false", "0.074"),
        "share": ("true", "1.8%"),
        "size": ("not published", "not published"),
        "small_runs": ("true", "a thousandth"),
        "announced": ("false", "denied"),
    }


# %% four models | says: another figure decides | falls: hidden
# PPO's models are counted for DPO.
def decide():
    return {
        "judge": ("true", 4),
        "calibration": ("false", 0.074),
        "share": ("true", 0.01783),
        "size": ("not published", "not published"),
        "small_runs": ("true", 0.001),
        "announced": ("false", "denied"),
    }
