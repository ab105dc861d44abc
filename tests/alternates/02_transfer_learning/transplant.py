# %% loop
# Fills the new model name by name.
def transplant(pretrained, fresh, head):
    started, copied = {}, []
    for name in fresh:
        old = pretrained.get(name)
        started[name] = fresh[name]
        if old is None or name.split(".")[0] == head or np.shape(old) != np.shape(fresh[name]):
            continue
        started[name] = old.copy()
        copied.append(name)
    return started, copied
