# %% powers of two
# Goes through bits: perplexity is 2 to the bits of one token; the bytes are counted one by one.
import math


def perplexity_and_bits(losses, text):
    bits = sum(float(loss) * math.log2(math.e) for loss in losses)
    size = sum(1 for _ in bytearray(text, "utf-8"))
    return 2 ** (bits / len(losses)), bits / size
