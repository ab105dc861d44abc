# %% all true | says: How many sizes were trained | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "codex": ("true", "models.parent"),
        "shrank": ("true", "rlhf.sizes"),
        "small": ("true", "rlhf.small"),
        "same_data": ("true", "cutoffs.text_until"),
        "picture": ("true", "neighbours.parent"),
        "chatgpt_size": ("true", "models.size"),
        "cushman": ("true", "api_names.note"),
        "all_rlhf": ("true", "api_names.training"),
        "two_meanings": ("true", "sizes.model"),
        "year_apart": ("true", "models.released"),
        "tax": ("true", "rlhf.tax"),
        "code_start": ("true", "api_names.parent"),
    }


# %% a rumour counts as false | says: who has printed a number | falls: hidden
# What nobody has published is called false, though nobody can show it.
def decide():
    return {
        "codex": ("true", "models.parent"),
        "shrank": ("false", "rlhf.sizes"),
        "small": ("true", "rlhf.small"),
        "same_data": ("false", "cutoffs.text_until"),
        "picture": ("true", "neighbours.parent"),
        "chatgpt_size": ("false", "models.size"),
        "cushman": ("true", "api_names.note"),
        "all_rlhf": ("false", "api_names.training"),
        "two_meanings": ("true", "sizes.model"),
        "year_apart": ("false", "models.released"),
        "tax": ("true", "rlhf.tax"),
        "code_start": ("not published", "api_names.parent"),
    }


# %% equal sizes decide | says: Which comparison is of 1.3B against 175B | falls: hidden
# The 85 % of the equal sizes is taken for the comparison of small and large.
def decide():
    return {
        "codex": ("true", "models.parent"),
        "shrank": ("false", "rlhf.sizes"),
        "small": ("true", "rlhf.zero_shot"),
        "same_data": ("false", "cutoffs.text_until"),
        "picture": ("true", "neighbours.parent"),
        "chatgpt_size": ("not published", "models.size"),
        "cushman": ("true", "api_names.note"),
        "all_rlhf": ("false", "api_names.training"),
        "two_meanings": ("true", "sizes.model"),
        "year_apart": ("false", "models.released"),
        "tax": ("true", "rlhf.tax"),
        "code_start": ("not published", "api_names.parent"),
    }


# %% GPT-3.5 from GPT-3 | says: what stands for its parent | falls: hidden
# The numbers in the names are taken for a line of descent.
def decide():
    return {
        "codex": ("true", "models.parent"),
        "shrank": ("false", "rlhf.sizes"),
        "small": ("true", "rlhf.small"),
        "same_data": ("false", "cutoffs.text_until"),
        "picture": ("true", "neighbours.parent"),
        "chatgpt_size": ("not published", "models.size"),
        "cushman": ("true", "api_names.note"),
        "all_rlhf": ("false", "api_names.training"),
        "two_meanings": ("true", "sizes.model"),
        "year_apart": ("false", "models.released"),
        "tax": ("true", "rlhf.tax"),
        "code_start": ("true", "api_names.parent"),
    }


# %% a figure that isn't there | says: isn't a place | falls: visible
# A place is named that no table has.
def decide():
    return {
        "codex": ("true", "models.parent"),
        "shrank": ("false", "rlhf.sizes"),
        "small": ("true", "rlhf.small"),
        "same_data": ("false", "cutoffs.text_until"),
        "picture": ("true", "neighbours.parent"),
        "chatgpt_size": ("not published", "models.size"),
        "cushman": ("true", "api_names.note"),
        "all_rlhf": ("false", "api_names.training"),
        "two_meanings": ("true", "sizes.model"),
        "year_apart": ("false", "models.released"),
        "tax": ("true", "benchmarks"),
        "code_start": ("not published", "api_names.parent"),
    }
