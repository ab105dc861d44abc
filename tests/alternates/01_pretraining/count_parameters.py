# %% list of shapes
# Writes down every table as a shape and adds up the products.
import math


def count_parameters(config):
    d = config["n_embd"]
    block = [(d,), (d,), (d, 3 * d), (3 * d,), (d, d), (d,), (d,), (d,)]
    block += [(d, 4 * d), (4 * d,), (4 * d, d), (d,)]
    shapes = [(config["vocab_size"], d), (config["n_positions"], d)]
    shapes += block * config["n_layer"] + [(d,), (d,)]
    return sum(math.prod(shape) for shape in shapes)


# %% polynomial in d
# Sorts by powers of d: 12 L d² + (V + P + 13 L + 2) d.
def count_parameters(config):
    layers = config["n_layer"]
    linear = config["vocab_size"] + config["n_positions"] + 13 * layers + 2
    return int(np.polyval([12 * layers, linear, 0], config["n_embd"]))


# %% table by table
# A list of tables with how often each is there, as in the text.
def count_parameters(config):
    d, n = config["n_embd"], config["n_layer"]
    table = [
        (config["vocab_size"] * d, 1),
        (config["n_positions"] * d, 1),
        (2 * d, 2 * n + 1),
        (3 * d * (d + 1), n),
        (d * (d + 1), n),
        (4 * d * (d + 1), n),
        (d * (4 * d + 1), n),
    ]
    return sum(size * times for size, times in table)


# %% one layer of weights for each input and one for the bias
# A bias is a weight of an input that is always 1.
def count_parameters(config):
    vocab, window, layers, d = (
        config[name] for name in ("vocab_size", "n_positions", "n_layer", "n_embd")
    )
    wide = np.int64(4 * d)
    block = 4 * d + (d + 1) * (3 * d + d + wide) + (wide + 1) * d
    return vocab * d + window * d + layers * block + 2 * d
