// GPT-2's forward pass in plain JavaScript: all that a mini model does to write its next token.
//
// A model is its file's numbers (`tensors`) and the few lines of `GPT.read`. Nothing is read twice:
// keys and values of the tokens read so far are kept. Rows of numbers lie one behind the other in
// one flat array. Left out on purpose: other kinds of models, training, and instructions for many
// numbers at a time (SIMD); the largest mini model writes faster than one reads without them.

// A safetensors file: the header's length (8 bytes), the header (JSON), the numbers. Ours are bf16,
// which is the upper half of a float32.
export function tensors(file) {
  const start = 8 + Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, start - 8)));
  const found = {};
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    if (dtype !== "BF16") throw new Error(`${name} has the format ${dtype}, not BF16`);
    const [from, to] = data_offsets.map((offset) => start + offset);
    const halves = new Uint16Array(file.slice(from, to));
    const bits = Uint32Array.from(halves, (half) => half << 16);
    found[name.replace(/^transformer\./, "")] = { shape, values: new Float32Array(bits.buffer) };
  }
  return found;
}

// The file has a layer's weights as (inputs, outputs). A row for each output is faster to read.
function transposed({ shape: [inputs, outputs], values }) {
  const rows = new Float32Array(values.length);
  for (let i = 0; i < inputs; i++)
    for (let o = 0; o < outputs; o++) rows[o * inputs + i] = values[i * outputs + o];
  return rows;
}

// y = x · weight + bias, for `count` rows x. Four sums grow at a time, since a processor can add to
// one while it waits for another: four rows and one output, or one row and four outputs.
function linear({ weight, bias, inputs, outputs }, x, count) {
  const y = new Float32Array(count * outputs);
  for (let row = 0, rows; row < count; row += rows) {
    rows = row + 4 <= count ? 4 : 1;
    const [dx, dw, dy] = rows === 4 ? [inputs, 0, outputs] : [0, inputs, 1];
    for (let o = 0; o < outputs; o += rows === 4 ? 1 : 4) {
      let [p, q, r, s] = [0, 0, 0, 0];
      for (let i = row * inputs, w = o * inputs, end = i + inputs; i < end; i++, w++) {
        p += x[i] * weight[w];
        q += x[i + dx] * weight[w + dw];
        r += x[i + 2 * dx] * weight[w + 2 * dw];
        s += x[i + 3 * dx] * weight[w + 3 * dw];
      }
      const at = row * outputs + o;
      y[at] = p;
      y[at + dy] = q;
      y[at + 2 * dy] = r;
      y[at + 3 * dy] = s;
    }
  }
  if (bias) for (let i = 0; i < y.length; i++) y[i] += bias[i % outputs];
  return y;
}

// Brings each row to mean 0 and variance 1, then scales and shifts it.
function normed({ weight, bias }, x) {
  const width = weight.length;
  const y = new Float32Array(x.length);
  for (let row = 0; row < x.length; row += width) {
    let mean = 0;
    let variance = 0;
    for (let i = 0; i < width; i++) mean += x[row + i] / width;
    for (let i = 0; i < width; i++) variance += (x[row + i] - mean) ** 2 / width;
    const scale = 1 / Math.sqrt(variance + 1e-5);
    for (let i = 0; i < width; i++) y[row + i] = (x[row + i] - mean) * scale * weight[i] + bias[i];
  }
  return y;
}

// x · (the share of a normal distribution below x); the error function by a formula that is right
// to 1.5e-7 (Abramowitz and Stegun 7.1.26).
const ERF = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
function gelu(x) {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const erf = 1 - ERF.reduce((sum, factor) => sum * t + factor, 0) * t * Math.exp(-z * z);
  return (x / 2) * (1 + Math.sign(x) * erf);
}

export function softmax(numbers) {
  const most = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = numbers.map((number) => Math.exp(number - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export class GPT {
  constructor(file, { n_layer, n_head, n_embd, n_positions }) {
    const w = tensors(file);
    const norm = (name) => ({ weight: w[`${name}.weight`].values, bias: w[`${name}.bias`].values });
    const layer = (name) => {
      const [inputs, outputs] = w[`${name}.weight`].shape;
      const bias = w[`${name}.bias`].values;
      return { weight: transposed(w[`${name}.weight`]), bias, inputs, outputs };
    };
    Object.assign(this, { heads: n_head, width: n_embd, positions: n_positions, length: 0 });
    [this.wte, this.wpe] = [w["wte.weight"].values, w["wpe.weight"].values];
    this.blocks = Array.from({ length: n_layer }, (_, i) => ({
      norm1: norm(`h.${i}.ln_1`),
      qkv: layer(`h.${i}.attn.c_attn`),
      out: layer(`h.${i}.attn.c_proj`),
      norm2: norm(`h.${i}.ln_2`),
      up: layer(`h.${i}.mlp.c_fc`),
      down: layer(`h.${i}.mlp.c_proj`),
      kept: new Float32Array(n_positions * 3 * n_embd), // queries, keys, values of each position
    }));
    this.last = norm("ln_f");
    const [outputs, inputs] = w["wte.weight"].shape;
    this.head = { weight: this.wte, bias: null, inputs, outputs };
  }

  // Forgets what was read from this position on.
  rewind(position = 0) {
    this.length = position;
  }

  // Reads tokens behind those read before; returns the score of each token to come next.
  read(tokens) {
    const { width, length: begin } = this;
    const count = tokens.length;
    if (begin + count > this.positions) throw new Error(`no room for ${begin + count} tokens`);
    const x = new Float32Array(count * width); // the states of the tokens
    for (let t = 0; t < count; t++)
      for (let i = 0; i < width; i++)
        x[t * width + i] = this.wte[tokens[t] * width + i] + this.wpe[(begin + t) * width + i];
    const add = (y) => y.forEach((number, i) => (x[i] += number));
    for (const block of this.blocks) {
      block.kept.set(linear(block.qkv, normed(block.norm1, x), count), begin * 3 * width);
      add(linear(block.out, this.attention(block.kept, begin, count), count));
      add(linear(block.down, linear(block.up, normed(block.norm2, x), count).map(gelu), count));
    }
    this.length += count;
    return linear(this.head, normed(this.last, x.subarray((count - 1) * width)), 1);
  }

  // What each of the `count` tokens from `begin` on reads from those up to itself, head by head.
  attention(kept, begin, count) {
    const { width, heads } = this;
    const [size, row] = [width / heads, 3 * width];
    const y = new Float32Array(count * width);
    for (let t = begin; t < begin + count; t++)
      for (let head = 0; head < width; head += size) {
        const scores = new Float32Array(t + 1);
        for (let s = 0; s <= t; s++) {
          const [query, key] = [t * row, s * row + width];
          let score = 0;
          for (let i = head; i < head + size; i++) score += kept[query + i] * kept[key + i];
          scores[s] = score / Math.sqrt(size);
        }
        softmax(scores).forEach((share, s) => {
          for (let i = head; i < head + size; i++)
            y[(t - begin) * width + i] += share * kept[s * row + 2 * width + i];
        });
      }
    return y;
  }
}
