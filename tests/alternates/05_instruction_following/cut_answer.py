# %% cut again and again
# What stands before the first of each stop, one stop after the other.
def cut_answer(text, stops):
    text = text.lstrip()
    for stop in stops:
        text = text.split(stop)[0]
    return text.rstrip()


# %% escaped pattern
# One regular expression that finds the earliest stop.
def cut_answer(text, stops):
    import re

    text = text.lstrip()
    found = re.search("|".join(map(re.escape, stops)), text) if stops else None
    return (text[: found.start()] if found else text).rstrip()
