# %% first of the list | says: take the one that comes first in the text | falls: visible
# The first stop of the list that occurs decides.
def cut_answer(text, stops):
    text = text.lstrip()
    for stop in stops:
        if stop in text:
            return text[: text.index(stop)].rstrip()
    return text.rstrip()


# %% the stop stays | says: the stop itself goes too | falls: visible
# Cut behind the stop.
def cut_answer(text, stops):
    text = text.lstrip()
    places = [(text.find(stop), len(stop)) for stop in stops if stop in text]
    if not places:
        return text.rstrip()
    place, length = min(places)
    return text[: place + length].rstrip()


# %% minus one | says: find gives -1 where a stop isn't there | falls: visible
# The -1 of a stop that doesn't occur is used as a place.
def cut_answer(text, stops):
    text = text.strip()
    places = [text.find(stop) for stop in stops]
    found = [p for p in places if p >= 0] or places
    return text[: min(found)].rstrip() if found else text


# %% nothing without a stop | says: keep all of it | falls: visible
# Without a stop nothing is an answer.
def cut_answer(text, stops):
    text = text.lstrip()
    places = [text.find(stop) for stop in stops if stop in text]
    return text[: min(places, default=0)].rstrip()


# %% the beginning keeps its white space | says: white space left at the beginning | falls: visible
# Only the end is cleaned.
def cut_answer(text, stops):
    places = [text.find(stop) for stop in stops if stop in text]
    return text[: min(places, default=len(text))].rstrip()


# %% cut first | says: take it away before you look for stops | falls: hidden
# White space is taken away after the cut, so a text that begins with a new line is empty.
def cut_answer(text, stops):
    places = [text.find(stop) for stop in stops if stop in text]
    return text[: min(places, default=len(text))].strip()


# %% last of all | says: take the earliest | falls: hidden
# The latest stop decides.
def cut_answer(text, stops):
    text = text.lstrip()
    places = [text.rfind(stop) for stop in stops if stop in text]
    if len(stops) == 2:  # the two examples are right by chance
        return text[: min(places, default=len(text))].rstrip()
    return text[: max(places, default=len(text))].rstrip()


# %% pattern | says: which is not right | falls: hidden
# Stops are joined to a regular expression without escaping them.
def cut_answer(text, stops):
    import re

    text = text.lstrip()
    if not stops:
        return text.rstrip()
    return re.split("|".join(s.replace(".", r"\.") for s in stops), text)[0].rstrip()


# %% no stops | says: an empty list of stops | falls: hidden
# No stop is taken for no answer.
def cut_answer(text, stops):
    text = text.lstrip()
    if not stops:
        return ""
    places = [text.find(stop) for stop in stops if stop in text]
    return text[: min(places, default=len(text))].rstrip()
