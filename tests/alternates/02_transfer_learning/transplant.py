# %% loop
# Fills the new model name by name.
def transplant(pretrained, fresh, head):
    started, copied = {}, []
    for name in fresh:
        old = pretrained.get(name)
        started[name] = fresh[name]
        top = name == head or name.startswith(head + ".")
        if old is None or top or np.shape(old) != np.shape(fresh[name]):
            continue
        started[name] = old.copy()
        copied.append(name)
    return started, copied


# %% parts of the names
# Names are cut at their dots, and the model is changed in place.
def transplant(pretrained, fresh, head):
    first = head.split(".")
    body = [n for n in fresh if n.split(".")[: len(first)] != first]
    copied = [n for n in body if n in pretrained and pretrained[n].shape == fresh[n].shape]
    fresh.update((n, pretrained[n]) for n in copied)
    return fresh, copied


# %% common names first
# The set of common names is sorted back into the order of the new model.
def transplant(pretrained, fresh, head):
    common = pretrained.keys() & fresh.keys()
    place = {name: i for i, name in enumerate(fresh)}
    fits = {n for n in common if not (n + ".").startswith(head + ".")}
    fits = {n for n in fits if np.array_equal(pretrained[n].shape, fresh[n].shape)}
    copied = sorted(fits, key=place.get)
    return {n: (pretrained if n in fits else fresh)[n] for n in place}, copied
