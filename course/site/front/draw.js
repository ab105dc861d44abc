// How the next token is chosen from the scores of all tokens.
import { softmax } from "./model.js";

// The `count` tokens with the highest scores, from the highest on.
export function best(scores, count) {
  const found = [];
  for (let n = 0; n < count; n++) {
    let top = -1;
    scores.forEach((score, token) => {
      if (!found.includes(token) && (top < 0 || score > scores[top])) top = token;
    });
    found.push(top);
  }
  return found;
}

// Chooses the next token. Temperature 0 takes the most probable one; else the scores are divided by
// it, the `topK` most probable tokens are kept (0: all), of these the fewest that together have the
// share `topP`, and `uniform`, a number from 0 to 1, draws one of them. `kept` says how many, from
// the most probable on.
export function draw(scores, { temperature, topK, topP }, uniform) {
  if (temperature === 0) return { token: best(scores, 1)[0], kept: 1 };
  const shares = softmax(scores.map((score) => score / temperature));
  const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
  const sums = []; // shares added up, from the most probable token on
  for (const token of order.slice(0, topK || order.length))
    sums.push((sums.at(-1) ?? 0) + shares[token]);
  const enough = topP * sums.at(-1);
  const kept = topP >= 1 ? sums.length : 1 + sums.findIndex((sum) => sum >= enough);
  const at = sums.findIndex((sum) => sum > uniform * sums[kept - 1]);
  return { token: order[Math.min(at, kept - 1)], kept };
}
