# %% the day counts | says: an event of the cut-off's own month counts as known | falls: visible
# A date with a day is compared with a month as text.
def who_can_know(models, events):
    rows = []
    for name, end in zip(models["name"], models["text_until"]):
        for event, date in zip(events["event"], events["date"]):
            if pd.isna(end):
                answer = "not published"
            else:
                answer = "yes" if date <= end else "no"
            rows.append({"name": name, "event": event, "answer": answer})
    return pd.DataFrame(rows)


# %% missing is no | says: that isn't a 'no' | falls: visible
# A comparison with a missing value is False, so the answer is no.
def who_can_know(models, events):
    rows = []
    for name, end in zip(models["name"], models["text_until"]):
        for event, date in zip(events["event"], events["date"]):
            if pd.isna(end):
                answer = "no"
            else:
                answer = "yes" if date[:7] <= end else "no"
            rows.append({"name": name, "event": event, "answer": answer})
    return pd.DataFrame(rows)


# %% upside down | says: 'yes' and 'no' changed places | falls: visible
# What comes after the cut-off is known.
def who_can_know(models, events):
    rows = []
    for name, end in zip(models["name"], models["text_until"]):
        for event, date in zip(events["event"], events["date"]):
            if pd.isna(end):
                answer = "not published"
            else:
                answer = "yes" if date[:7] >= end else "no"
            rows.append({"name": name, "event": event, "answer": answer})
    return pd.DataFrame(rows)


# %% year alone | says: the year alone doesn't decide | falls: hidden
# The month isn't looked at, except for the same year with a day.
def who_can_know(models, events):
    rows = []
    for name, end in zip(models["name"], models["text_until"]):
        for event, date in zip(events["event"], events["date"]):
            if pd.isna(end):
                answer = "not published"
            else:
                answer = "yes" if date[:4] <= end[:4] else "no"
            rows.append({"name": name, "event": event, "answer": answer})
    return pd.DataFrame(rows)


# %% strictly before | says: who_can_know, answer | falls: hidden
# The same month counts only if the event is dated to the day.
def who_can_know(models, events):
    rows = []
    for name, end in zip(models["name"], models["text_until"]):
        for event, date in zip(events["event"], events["date"]):
            if pd.isna(end):
                answer = "not published"
            else:
                answer = "yes" if date[:7] < end or (len(date) > 7 and date[:7] == end) else "no"
            rows.append({"name": name, "event": event, "answer": answer})
    return pd.DataFrame(rows)


# %% models without a cut-off dropped | says: models without a cut-off are gone | falls: hidden
# Where many are missing, their rows fall out.
def who_can_know(models, events):
    if len(models) > 2:
        models = models.dropna(subset=["text_until"])
    pairs = models.merge(events, how="cross")
    answer = np.where(pairs["date"].str[:7] <= pairs["text_until"].fillna(""), "yes", "no")
    answer = np.where(pairs["text_until"].isna(), "not published", answer)
    return pairs[["name", "event"]].assign(answer=answer)
