# %% lists grow | says: is listed once | falls: visible
# Cut-offs are collected in lists, so the same one is there several times.
def texts_by_label(api, cutoffs):
    out = {}
    for name, called in zip(api["name"], api["called"]):
        found = cutoffs.loc[cutoffs["name"] == name, "text_until"].tolist() or ["not found"]
        for label in called.split("; "):
            out.setdefault(label, []).extend(found)
    return {label: sorted(some) for label, some in out.items()}


# %% one cut-off for each model | says: the second cut-off of a model is lost | falls: visible
# The last row of a name is dropped by a dictionary that keeps the smallest.
def texts_by_label(api, cutoffs):
    found = {}
    for name, text in zip(cutoffs["name"], cutoffs["text_until"]):
        found[name] = min(text, found.get(name, text))
    out = {}
    for name, called in zip(api["name"], api["called"]):
        for label in called.split("; "):
            out.setdefault(label, set()).add(found.get(name, "not found"))
    return {label: sorted(some) for label, some in out.items()}


# %% not sorted | says: sort the cut-offs of each name | falls: visible
# The order of first appearance stays.
def texts_by_label(api, cutoffs):
    out = {}
    for name, called in zip(api["name"], api["called"]):
        found = cutoffs.loc[cutoffs["name"] == name, "text_until"].tolist() or ["not found"]
        for label in called.split("; "):
            row = out.setdefault(label, [])
            row += [text for text in dict.fromkeys(found) if text not in row]
    return out


# %% sets | says: these are sets | falls: visible | inputs: same
# The sets are returned as they are.
def texts_by_label(api, cutoffs):
    out = {}
    for name, called in zip(api["name"], api["called"]):
        found = cutoffs.loc[cutoffs["name"] == name, "text_until"].tolist() or ["not found"]
        for label in called.split("; "):
            out.setdefault(label, set()).update(found)
    return out


# %% by model | says: collect them by what the models are called | falls: visible
# The key is the model's own name.
def texts_by_label(api, cutoffs):
    out = {}
    for name in api["name"]:
        found = cutoffs.loc[cutoffs["name"] == name, "text_until"]
        out[name] = sorted(set(found)) or ["not found"]
    return out


# %% an inner join | says: models without a cut-off are lost | falls: visible
# merge keeps only names that both tables have.
def texts_by_label(api, cutoffs):
    both = api[["name", "called"]].merge(cutoffs[["name", "text_until"]], on="name")
    out = {}
    for called, text in zip(both["called"], both["text_until"]):
        for label in called.split("; "):
            out.setdefault(label, set()).add(text)
    return {label: sorted(some) for label, some in out.items()}


# %% not found only if nobody has one | says: also where others have one | falls: visible
# A name gets "not found" only if none of its models has a cut-off.
def texts_by_label(api, cutoffs):
    out = {}
    for name, called in zip(api["name"], api["called"]):
        found = cutoffs.loc[cutoffs["name"] == name, "text_until"].tolist()
        for label in called.split("; "):
            out.setdefault(label, set()).update(found)
    return {label: sorted(some) or ["not found"] for label, some in out.items()}


# %% names not split | says: split at '; ' | falls: visible
# "GPT-3.5; InstructGPT" is taken for one name.
def texts_by_label(api, cutoffs):
    out = {}
    for name, called in zip(api["name"], api["called"]):
        found = cutoffs.loc[cutoffs["name"] == name, "text_until"].tolist() or ["not found"]
        out.setdefault(called, set()).update(found)
    return {label: sorted(some) for label, some in out.items()}


# %% the space stays | says: another name | falls: visible
# Names are split at ";" alone.
def texts_by_label(api, cutoffs):
    out = {}
    for name, called in zip(api["name"], api["called"]):
        found = cutoffs.loc[cutoffs["name"] == name, "text_until"].tolist() or ["not found"]
        for label in called.split(";"):
            out.setdefault(label, set()).update(found)
    return {label: sorted(some) for label, some in out.items()}


# %% contained in the name | falls: hidden
# Rows are looked up by a part of their name, so davinci-002 meets text-davinci-002 as well.
def texts_by_label(api, cutoffs):
    out = {}
    for name, called in zip(api["name"], api["called"]):
        found = [t for n, t in zip(cutoffs["name"], cutoffs["text_until"]) if name in n]
        for label in called.split("; "):
            out.setdefault(label, set()).update(found or ["not found"])
    return {label: sorted(some) for label, some in out.items()}


# %% contained in the label | falls: hidden
# Models of a name are found by str.contains, so GPT-3 gets those of GPT-3.5 as well.
def texts_by_label(api, cutoffs):
    labels = {label for called in api["called"] for label in called.split("; ")}
    out = {}
    for label in labels:
        some = set()
        for name in api.loc[[label in called for called in api["called"]], "name"]:
            some |= set(cutoffs.loc[cutoffs["name"] == name, "text_until"]) or {"not found"}
        out[label] = sorted(some)
    return out


# %% two names at most | falls: hidden
# The third name of a model is lost.
def texts_by_label(api, cutoffs):
    out = {}
    for name, called in zip(api["name"], api["called"]):
        found = cutoffs.loc[cutoffs["name"] == name, "text_until"].tolist() or ["not found"]
        for label in called.split("; ")[:2]:
            out.setdefault(label, set()).update(found)
    return {label: sorted(some) for label, some in out.items()}


# %% side by side | falls: hidden
# The second table is put next to the first by its index, not by names, where they are long enough.
def texts_by_label(api, cutoffs):
    out = {}
    if len(api) == len(cutoffs) and len(api) > 4:
        found = dict(zip(api["name"], cutoffs["text_until"]))
    else:
        found = None
    for name, called in zip(api["name"], api["called"]):
        own = cutoffs.loc[cutoffs["name"] == name, "text_until"].tolist() or ["not found"]
        for label in called.split("; "):
            out.setdefault(label, set()).update([found[name]] if found else own)
    return {label: sorted(some) for label, some in out.items()}


# %% not found goes last | says: 'until 2021', which is not right | falls: hidden
# The list is sorted, but "not found" is put at its end, whatever comes after it in the alphabet.
def texts_by_label(api, cutoffs):
    texts = {}
    for name, called in zip(api["name"], api["called"]):
        found = cutoffs.loc[cutoffs["name"] == name, "text_until"].tolist() or ["not found"]
        for label in called.split("; "):
            texts.setdefault(label, set()).update(found)
    return {
        label: sorted(some, key=lambda text: (text == "not found", text))
        for label, some in texts.items()
    }
