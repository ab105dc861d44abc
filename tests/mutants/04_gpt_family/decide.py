# %% all true | says: Three models were trained | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "codex": ("true", 159),
        "shrank": ("true", 3),
        "small": ("true", 134.6),
        "same_data": ("true", 3),
        "one_label": ("true", 3),
        "letters": ("true", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("true", 0),
        "two_meanings": ("true", 8),
        "january": ("true", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("true", 1),
    }


# %% all false | says: that is descent, by weights | falls: hidden
# What people say about GPT is all taken for wrong.
def decide():
    return {
        "codex": ("false", 159),
        "shrank": ("false", 3),
        "small": ("false", 134.6),
        "same_data": ("false", 3),
        "one_label": ("false", 3),
        "letters": ("false", 1),
        "own_name": ("false", 14),
        "chatgpt_size": ("false", 0),
        "two_meanings": ("false", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("false", "code-cushman-001"),
        "line": ("false", 1),
    }


# %% nothing is published | says: that is descent, by weights | falls: hidden
# Without OpenAI's code nothing counts as known.
def decide():
    return {
        "codex": ("not published", 159),
        "shrank": ("not published", 3),
        "small": ("not published", 134.6),
        "same_data": ("not published", 3),
        "one_label": ("not published", 3),
        "letters": ("not published", 1),
        "own_name": ("not published", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("not published", 8),
        "january": ("not published", "text-davinci-001"),
        "cushman": ("not published", "code-cushman-001"),
        "line": ("not published", 1),
    }


# %% a rumour counts as false | says: No API name of the GPT-3.5 series | falls: hidden
# What nobody has published is called false, though nobody can show it.
def decide():
    return {
        "codex": ("true", 159),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("false", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("not published", 1),
    }


# %% it sounds like a child | says: It may be a GPT-3 | falls: hidden
# The name GPT-3.5 is taken for a descent.
def decide():
    return {
        "codex": ("true", 159),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("true", 1),
    }


# %% four methods | says: All four are plain pre-training | falls: hidden
# The letters are counted, not their trainings.
def decide():
    return {
        "codex": ("true", 159),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 4),
        "own_name": ("true", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("not published", 1),
    }


# %% equal sizes decide | says: over 100 times fewer | falls: hidden
# The 85% of the equal sizes is taken for the comparison of small and large.
def decide():
    return {
        "codex": ("true", 159),
        "shrank": ("false", 3),
        "small": ("true", 85),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("not published", 1),
    }


# %% text of the same length | says: Their texts end in | falls: hidden
# Three names of one series are taken to have read one text.
def decide():
    return {
        "codex": ("true", 159),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("true", 1),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("not published", 1),
    }


# %% until the release | says: 14 months before | falls: hidden
# Months are counted to the API's release and not to the announcement.
def decide():
    return {
        "codex": ("true", 159),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 18),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("not published", 1),
    }


# %% the second name | says: That announcement was about text-davinci-001 | falls: hidden
# The statement's own name is handed back.
def decide():
    return {
        "codex": ("true", 159),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-002"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("not published", 1),
    }


# %% the stronger one | says: almost as capable | falls: hidden
# The name of the stronger model is given.
def decide():
    return {
        "codex": ("true", 159),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-davinci-002"),
        "line": ("not published", 1),
    }


# %% a size as words | says: a number (a billion is 1e9) is asked for | falls: visible
# A figure is written as a paper prints it.
def decide():
    return {
        "codex": ("true", 159),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", "8"),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("not published", 1),
    }


# %% no figure | says: isn't decided yet | falls: visible
# Verdicts without what decides.
def decide():
    return {
        "codex": ("true", None),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("not published", 1),
    }


# %% yes and no | says: isn't a verdict | falls: visible
# Other words than the three are used.
def decide():
    return {
        "codex": ("yes", 159),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("not published", 1),
    }


# %% figure first | says: isn't a verdict | falls: visible
# The pair is turned around.
def decide():
    return {
        "codex": (159, "true"),
        "shrank": ("false", 3),
        "small": ("true", 134.6),
        "same_data": ("false", 3),
        "one_label": ("true", 3),
        "letters": ("false", 1),
        "own_name": ("true", 14),
        "chatgpt_size": ("not published", 0),
        "two_meanings": ("true", 8),
        "january": ("false", "text-davinci-001"),
        "cushman": ("true", "code-cushman-001"),
        "line": ("not published", 1),
    }
