# %% pieces between the dots
# Compares the pieces of names from behind, and counts with numpy.
def lora_memory(shapes, targets, rank):
    def fits(name):
        pieces = name.split(".")
        return any(pieces[-len(t.split(".")) :] == t.split(".") for t in targets)

    total = int(sum(np.prod(shape) for shape in shapes.values()))
    adapted = [s for n, s in shapes.items() if len(s) == 2 and fits(n)]
    trained = sum(rank * p + q * rank for p, q in adapted)
    return [trained, total + total + trained * 16, total * 16]
