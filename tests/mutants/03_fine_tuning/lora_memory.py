# %% the whole matrix | says: these are the numbers of the matrices | falls: visible
# What has an adapter is counted, not the adapter.
def lora_memory(shapes, targets, rank):
    total = sum(math.prod(s) for s in shapes.values())
    mine = [s for n, s in shapes.items() if any(f".{n}".endswith(f".{t}") for t in targets)]
    trained = sum(math.prod(s) for s in mine)
    return trained, 2 * total + 16 * trained, 16 * total


# %% one of two matrices | says: an adapter has two matrices | falls: visible
# Only the first small matrix is counted.
def lora_memory(shapes, targets, rank):
    total = sum(math.prod(s) for s in shapes.values())
    mine = [s for n, s in shapes.items() if any(f".{n}".endswith(f".{t}") for t in targets)]
    trained = sum(rank * s[0] for s in mine if len(s) == 2)
    return trained, 2 * total + 16 * trained, 16 * total


# %% any ending | says: an ending begins at a dot | falls: hidden
# my_c_fc.weight counts as c_fc.weight.
def lora_memory(shapes, targets, rank):
    total = sum(math.prod(s) for s in shapes.values())
    mine = [s for n, s in shapes.items() if n.endswith(tuple(targets))]
    trained = sum(rank * sum(s) for s in mine if len(s) == 2)
    return trained, 2 * total + 16 * trained, 16 * total


# %% twice | says: gets one adapter | falls: hidden
# Each target that fits adds an adapter.
def lora_memory(shapes, targets, rank):
    total = sum(math.prod(s) for s in shapes.values())
    mine = [s for n, s in shapes.items() for t in targets if f".{n}".endswith(f".{t}")]
    trained = sum(rank * sum(s) for s in mine if len(s) == 2)
    return trained, 2 * total + 16 * trained, 16 * total


# %% frozen is free | says: frozen numbers must be stored, too | falls: visible
# Only what is trained takes memory.
def lora_memory(shapes, targets, rank):
    total = sum(math.prod(s) for s in shapes.values())
    mine = [s for n, s in shapes.items() if any(f".{n}".endswith(f".{t}") for t in targets)]
    trained = sum(rank * sum(s) for s in mine if len(s) == 2)
    return trained, 16 * trained, 16 * total


# %% adapted matrices aren't frozen | says: also those of the matrix with an adapter | falls: visible
# A matrix with an adapter isn't counted any more.
def lora_memory(shapes, targets, rank):
    total = sum(math.prod(s) for s in shapes.values())
    mine = [s for n, s in shapes.items() if any(f".{n}".endswith(f".{t}") for t in targets)]
    mine = [s for s in mine if len(s) == 2]
    trained = sum(rank * sum(s) for s in mine)
    return trained, 2 * (total - sum(math.prod(s) for s in mine)) + 16 * trained, 16 * total
