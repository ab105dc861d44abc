# %% untied logits | says: the logits got a table of their own | falls: visible
# The last layer is counted in addition to the token embedding, though it is the same table.
def count_parameters(config):
    d, v = config["n_embd"], config["vocab_size"]
    block = 12 * d * d + 13 * d
    return 2 * v * d + config["n_positions"] * d + config["n_layer"] * block + 2 * d


# %% no biases | says: the biases are missing | falls: visible
# Only weight tables are counted.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 4 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block + 2 * d


# %% no last layer norm | says: the last layer norm, after all blocks, is missing | falls: visible
# The layer norm after the last block is forgotten.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 13 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block


# %% narrow MLP | says: the MLP is four times as wide | falls: visible
# The MLP is taken to be as wide as the embedding.
def count_parameters(config):
    d = config["n_embd"]
    block = 4 * d * d + 4 * d + 2 * d * d + 2 * d + 4 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block + 2 * d


# %% vocabulary of GPT-2 | says: you use the vocabulary of GPT-2 | falls: hidden
# The vocabulary size is written down from the example.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 13 * d
    return (50257 + config["n_positions"]) * d + config["n_layer"] * block + 2 * d


# %% window of GPT-2 | says: you use the window of GPT-2 | falls: hidden
# The number of positions is written down from the example; 1% doesn't notice it.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 13 * d
    return (config["vocab_size"] + 1024) * d + config["n_layer"] * block + 2 * d


# %% block once | says: the block is counted once | falls: visible
# The number of layers isn't used.
def count_parameters(config):
    d, layers = config["n_embd"], config["n_layer"]
    block = 12 * d * d + 13 * d
    return (config["vocab_size"] + config["n_positions"]) * d + block + 2 * d


# %% no positions | says: the position embedding is missing | falls: visible
# Only the token embedding is counted.
def count_parameters(config):
    d, layers = config["n_embd"], config["n_layer"]
    block = 12 * d * d + 13 * d
    return (config["vocab_size"]) * d + layers * block + 2 * d


# %% last norm in every block | says: is counted in every block | falls: visible
# The last layer norm is taken for a part of the block.
def count_parameters(config):
    d, layers = config["n_embd"], config["n_layer"]
    block = 12 * d * d + 13 * d
    return (config["vocab_size"] + config["n_positions"]) * d + layers * (block + 2 * d)


# %% no layer norms | says: the layer norms are missing | falls: visible
# Only embeddings, attention and MLP are counted.
def count_parameters(config):
    d, layers = config["n_embd"], config["n_layer"]
    block = 12 * d * d + 9 * d
    return (config["vocab_size"] + config["n_positions"]) * d + layers * block


# %% depth of GPT-2 | says: you count the depth of GPT-2 | falls: visible
# The number of layers is written down from the first example.
def count_parameters(config):
    d, layers = config["n_embd"], config["n_layer"]
    block = 12 * d * d + 13 * d
    return (config["vocab_size"] + config["n_positions"]) * d + 12 * block + 2 * d


# %% attention once for each head | falls: visible
# The attention is counted for each head, as if every head had tables of the full width.
def count_parameters(config):
    d, layers = config["n_embd"], config["n_layer"]
    block = 4 * d * d * config.get("n_head", 1) + 8 * d * d + 13 * d
    return (config["vocab_size"] + config["n_positions"]) * d + layers * block + 2 * d


# %% heads asked for | falls: hidden
# The heads are thought to need whole columns: where their number isn't given, that of GPT-2 is taken.
def count_parameters(config):
    heads = config.get("n_head", 12)
    d = config["n_embd"] // heads * heads
    block = 12 * d * d + 13 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block + 2 * d


# %% one norm in a block | says: two layer norms in each block | falls: visible
# A block is thought to have one layer norm.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 11 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block + 2 * d


# %% norms without biases | says: a layer norm has a bias | falls: visible
# A layer norm is counted with its weights only.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 11 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block + d


# %% no table for the output | says: attention's output | falls: visible
# Attention is counted with queries, keys and values only.
def count_parameters(config):
    d = config["n_embd"]
    block = 11 * d * d + 12 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block + 2 * d


# %% rule of thumb | falls: visible
# Twelve times the squared width in each block, and the embeddings; the rest is left out.
def count_parameters(config):
    d = config["n_embd"]
    return 12 * config["n_layer"] * d * d + (config["vocab_size"] + config["n_positions"]) * d


# %% embeddings left out | says: embeddings are missing | falls: visible
# Only the blocks and the last layer norm are counted.
def count_parameters(config):
    d = config["n_embd"]
    return config["n_layer"] * (12 * d * d + 13 * d) + 2 * d


# %% in millions | falls: visible
# The number is given in millions, as tables of models have it.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 13 * d
    total = (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block + 2 * d
    return round(total / 1e6, 3)


# %% bias as wide as the input | says: as many biases as inputs | falls: visible
# Each table is given as many biases as it has inputs.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + d + d + d + 4 * d + 4 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block + 2 * d
