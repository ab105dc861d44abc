# %% the day counts | says: drop the day before you compare | falls: visible
# A date with a day is compared with a month as text.
def who_can_know(cutoffs, events):
    def knows(until, date):
        return date < until[7:] if until.startswith("before") else date <= until

    def answer(said):
        if not said:
            return "not published"
        return "yes" if all(said) else "sources differ" if any(said) else "no"

    return {
        name: {event: answer([knows(u, date) for u in some]) for event, date in events.items()}
        for name, some in cutoffs.items()
    }


# %% upside down | says: this is upside down | falls: visible
# What comes after the cut-off is known.
def who_can_know(cutoffs, events):
    def knows(until, month):
        return month > until[7:] if until.startswith("before") else month >= until

    def answer(said):
        if not said:
            return "not published"
        return "yes" if all(said) else "sources differ" if any(said) else "no"

    return {
        name: {event: answer([knows(u, date[:7]) for u in some]) for event, date in events.items()}
        for name, some in cutoffs.items()
    }


# %% before means until | says: compare by < | falls: visible
# "before 2021-10" is read as "until the end of 2021-10".
def who_can_know(cutoffs, events):
    def answer(said):
        if not said:
            return "not published"
        return "yes" if all(said) else "sources differ" if any(said) else "no"

    return {
        name: {
            event: answer([date[:7] <= u.replace("before ", "") for u in some])
            for event, date in events.items()
        }
        for name, some in cutoffs.items()
    }


# %% the word stays | says: take the word off first | falls: visible
# A month is compared with the text "before 2021-10", letter by letter.
def who_can_know(cutoffs, events):
    def answer(said):
        if not said:
            return "not published"
        return "yes" if all(said) else "sources differ" if any(said) else "no"

    return {
        name: {event: answer([date[:7] <= u for u in some]) for event, date in events.items()}
        for name, some in cutoffs.items()
    }


# %% a month too early | says: holds September to its last day | falls: visible
# From "before 2021-10" two months are taken away instead of one.
def who_can_know(cutoffs, events):
    def number(text):
        return 12 * int(text[:4]) + int(text[5:7])

    def knows(until, date):
        if until.startswith("before"):
            return number(date) < number(until[7:]) - 1
        return number(date) <= number(until)

    def answer(said):
        if not said:
            return "not published"
        return "yes" if all(said) else "sources differ" if any(said) else "no"

    return {
        name: {event: answer([knows(u, date) for u in some]) for event, date in events.items()}
        for name, some in cutoffs.items()
    }


# %% first source alone | says: the first source alone decides | falls: visible
# Further sources are left out.
def who_can_know(cutoffs, events):
    def knows(until, month):
        return month < until[7:] if until.startswith("before") else month <= until

    return {
        name: {
            event: ("yes" if knows(some[0], date[:7]) else "no") if some else "not published"
            for event, date in events.items()
        }
        for name, some in cutoffs.items()
    }


# %% two sources differ always | says: can still agree on an event | falls: visible
# More than one cut-off is taken for a disagreement about everything.
def who_can_know(cutoffs, events):
    def knows(until, month):
        return month < until[7:] if until.startswith("before") else month <= until

    def answer(some, month):
        if not some:
            return "not published"
        if len(set(some)) > 1:
            return "sources differ"
        return "yes" if knows(some[0], month) else "no"

    return {
        name: {event: answer(some, date[:7]) for event, date in events.items()}
        for name, some in cutoffs.items()
    }


# %% no source is yes | says: nobody said yes | falls: visible
# all() of an empty list is True.
def who_can_know(cutoffs, events):
    def knows(until, month):
        return month < until[7:] if until.startswith("before") else month <= until

    def answer(said):
        return "yes" if all(said) else "sources differ" if any(said) else "no"

    return {
        name: {event: answer([knows(u, date[:7]) for u in some]) for event, date in events.items()}
        for name, some in cutoffs.items()
    }


# %% no source is no | says: nobody said no | falls: visible
# any() of an empty list is False.
def who_can_know(cutoffs, events):
    def knows(until, month):
        return month < until[7:] if until.startswith("before") else month <= until

    def answer(said):
        if not any(said):
            return "no"
        return "yes" if all(said) else "sources differ"

    return {
        name: {event: answer([knows(u, date[:7]) for u in some]) for event, date in events.items()}
        for name, some in cutoffs.items()
    }


# %% a vote | says: two sources to one is no vote | falls: visible
# Of three sources the majority decides.
def who_can_know(cutoffs, events):
    def knows(until, month):
        return month < until[7:] if until.startswith("before") else month <= until

    def answer(said):
        if not said:
            return "not published"
        if 2 * sum(said) == len(said):
            return "sources differ"
        return "yes" if 2 * sum(said) > len(said) else "no"

    return {
        name: {event: answer([knows(u, date[:7]) for u in some]) for event, date in events.items()}
        for name, some in cutoffs.items()
    }


# %% year alone | says: the year alone doesn't decide | falls: hidden
# The month isn't looked at where the years differ from the example's.
def who_can_know(cutoffs, events):
    def knows(until, month):
        if until[-7:-3] in ("2019", "2021") and len(cutoffs) in (2, 3):
            return month < until[7:] if until.startswith("before") else month <= until
        return month[:4] <= until[-7:-3]

    def answer(said):
        if not said:
            return "not published"
        return "yes" if all(said) else "sources differ" if any(said) else "no"

    return {
        name: {event: answer([knows(u, date[:7]) for u in some]) for event, date in events.items()}
        for name, some in cutoffs.items()
    }


# %% models without a source dropped | says: models without a source are gone | falls: hidden
# Where many models are asked for, those without a source fall out.
def who_can_know(cutoffs, events):
    def knows(until, month):
        return month < until[7:] if until.startswith("before") else month <= until

    def answer(said):
        if not said:
            return "not published"
        return "yes" if all(said) else "sources differ" if any(said) else "no"

    return {
        name: {event: answer([knows(u, date[:7]) for u in some]) for event, date in events.items()}
        for name, some in cutoffs.items()
        if some or len(cutoffs) == 3
    }
