# %% periods
# Turns everything into pandas' periods of a month.
def who_can_know(models, events):
    when = [pd.Period(date[:7], freq="M") for date in events["date"]]
    rows = []
    for model in models.to_dict("records"):
        known = isinstance(model["text_until"], str)
        end = pd.Period(model["text_until"], freq="M") if known else None
        for event, date in zip(events["event"], when):
            answer = ("no", "yes")[int(date <= end)] if known else "not published"
            rows.append((model["name"], event, answer))
    return pd.DataFrame(rows, columns=["name", "event", "answer"])
