# %% pieces
# Compares the pieces between the dots, and counts with numpy.
def parameter_roles(shapes, head, trained):
    def covers(name, beginning):
        pieces = beginning.split(".")
        return name.split(".")[: len(pieces)] == pieces

    part = {n: ["features", "head"][covers(n, head)] for n in shapes}
    state = {n: ["frozen", "trained"][any(covers(n, t) for t in trained)] for n in shapes}
    size = np.array([np.zeros(s).size for s in shapes.values()])
    moved = np.array([s == "trained" for s in state.values()])
    return {n: (part[n], state[n]) for n in shapes}, float(size[moved].sum() / size.sum())
