# %% last layer only | says: the list `trained` says what is trained | falls: visible
# Transfer is taken to mean that the head alone is trained.
def parameter_roles(shapes, head, trained):
    roles, moved, total = {}, 0, 0
    for name, shape in shapes.items():
        mine = name.startswith(head + ".")
        roles[name] = ("head", "trained") if mine else ("features", "frozen")
        moved += int(np.prod(shape)) * mine
        total += np.prod(shape)
    return roles, moved / total


# %% names counted | says: this counts names | falls: visible
# Every parameter counts once, however many numbers it holds.
def parameter_roles(shapes, head, trained):
    def covers(name, b):
        return name == b or name.startswith(b + ".")

    roles = {
        n: (
            "head" if covers(n, head) else "features",
            "trained" if any(covers(n, b) for b in trained) else "frozen",
        )
        for n in shapes
    }
    return roles, sum(s == "trained" for _, s in roles.values()) / len(roles)


# %% a head is always trained | says: a head may be frozen | falls: visible
# The head counts as trained whatever the list says.
def parameter_roles(shapes, head, trained):
    def covers(name, b):
        return name == b or name.startswith(b + ".")

    roles = {
        n: (
            "head" if covers(n, head) else "features",
            "trained" if any(covers(n, b) for b in [*trained, head]) else "frozen",
        )
        for n in shapes
    }
    size = {n: np.prod(s) for n, s in shapes.items()}
    return roles, sum(size[n] for n in size if roles[n][1] == "trained") / sum(size.values())


# %% any beginning | says: a beginning ends at a dot | falls: hidden
# `h.1` is also found in `h.10`.
def parameter_roles(shapes, head, trained):
    roles = {
        n: (
            "head" if n.startswith(head) else "features",
            "trained" if n.startswith(tuple(trained)) else "frozen",
        )
        for n in shapes
    }
    size = {n: np.prod(s) for n, s in shapes.items()}
    return roles, sum(size[n] for n in size if roles[n][1] == "trained") / sum(size.values())


# %% a scalar holds nothing | says: a parameter of shape () holds one number | falls: hidden
# The sizes are multiplied only where there are any.
def parameter_roles(shapes, head, trained):
    def covers(name, b):
        return name == b or name.startswith(b + ".")

    roles = {
        n: (
            "head" if covers(n, head) else "features",
            "trained" if any(covers(n, b) for b in trained) else "frozen",
        )
        for n in shapes
    }
    size = {n: np.prod(s) if s else 0 for n, s in shapes.items()}
    return roles, sum(size[n] for n in size if roles[n][1] == "trained") / sum(size.values())
