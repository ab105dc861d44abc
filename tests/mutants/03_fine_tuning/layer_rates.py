# %% upside down | says: the top learns fastest | falls: visible
# The lowest layer gets the full rate.
def layer_rates(names, rate, decay):
    count = 1 + max(int(n.split(".")[2]) for n in names if n.startswith("transformer.h."))
    found = {}
    for n in names:
        if n.startswith("transformer.h."):
            power = 1 + int(n.split(".")[2])
        else:
            power = 0 if n.startswith(("transformer.wte.", "transformer.wpe.")) else count + 1
        found[n] = rate * decay**power
    return found


# %% the highest block is the top | says: one step below the top | falls: visible
# The ladder begins at the highest block.
def layer_rates(names, rate, decay):
    count = 1 + max(int(n.split(".")[2]) for n in names if n.startswith("transformer.h."))
    found = {}
    for n in names:
        if n.startswith("transformer.h."):
            power = count - 1 - int(n.split(".")[2])
        else:
            power = count if n.startswith(("transformer.wte.", "transformer.wpe.")) else 0
        found[n] = rate * decay**power
    return found


# %% one digit | says: may have two digits | falls: hidden
# Only the first digit of a block's number is read.
def layer_rates(names, rate, decay):
    def block(n):
        return int(re.match(r"transformer\.h\.(\d)", n).group(1))

    count = len({n.split(".")[2] for n in names if re.match(r"transformer\.h\.\d\.", n)})
    numbers = {n: int(n.split(".")[2]) for n in names if n.startswith("transformer.h.")}
    found = {}
    for n in names:
        if n in numbers:
            power = count - numbers[n]
        else:
            power = count + 1 if n.startswith(("transformer.wte.", "transformer.wpe.")) else 0
        found[n] = rate * decay**power
    return found


# %% positions at the top | says: the positions (wpe) stand below the blocks | falls: hidden
# Only the tokens are taken for embeddings.
def layer_rates(names, rate, decay):
    count = 1 + max(int(n.split(".")[2]) for n in names if n.startswith("transformer.h."))
    found = {}
    for n in names:
        if n.startswith("transformer.h."):
            power = count - int(n.split(".")[2])
        else:
            power = count + 1 if n.startswith("transformer.wte.") else 0
        found[n] = rate * decay**power
    return found


# %% one rate | says: `decay` isn't used | falls: visible
# All layers learn alike.
def layer_rates(names, rate, decay):
    return dict.fromkeys(names, rate)
