# %% periods
# Turns everything into pandas' periods of a month.
def who_can_know(cutoffs, events):
    def end(until):
        before = until.startswith("before ")
        return pd.Period(until[-7:], freq="M") - int(before)

    table = {}
    for name, sources in cutoffs.items():
        ends = [end(until) for until in sources]
        row = table[name] = {}
        for event, date in events.items():
            when = pd.Period(date[:7], freq="M")
            if not ends:
                row[event] = "not published"
            elif when <= min(ends):
                row[event] = "yes"
            else:
                row[event] = "sources differ" if when <= max(ends) else "no"
    return table


# %% counts
# Counts months since the year 0 and compares the number of yes with the number of sources.
def who_can_know(cutoffs, events):
    def months(text):
        year, month = text.split("-")[:2]
        return 12 * int(year) + int(month)

    def word(sources, date):
        ends = [
            months(u.removeprefix("before ")) - (1 if u.startswith("before ") else 0)
            for u in sources
        ]
        yes = sum(months(date) <= end for end in ends)
        if not ends:
            return "not published"
        return {0: "no", len(ends): "yes"}.get(yes, "sources differ")

    return {n: {e: word(s, d) for e, d in events.items()} for n, s in cutoffs.items()}


# %% spoils its lists
# Pops the sources off the caller's lists, after writing every "before" as a last month.
def who_can_know(cutoffs, events):
    def last(until):
        if not until.startswith("before "):
            return until
        year, month = int(until[7:11]), int(until[12:14]) - 1
        return f"{year - 1}-12" if month == 0 else f"{year}-{month:02d}"

    answers = {}
    for name in cutoffs:
        ends = []
        while cutoffs[name]:
            ends.append(last(cutoffs[name].pop()))
        answers[name] = {}
        for event in events:
            said = {events[event][:7] <= end for end in ends}
            answers[name][event] = {
                frozenset(): "not published",
                frozenset([True]): "yes",
                frozenset([False]): "no",
            }.get(frozenset(said), "sources differ")
    return answers
