// Lets models answer, off the page's own thread, so that the page stays alive.
//
// It is told {do: "open", setup} first, the content of talk.json; then
//   {do: "length", text}           it says how many tokens a message has
//   {do: "ask", id, asked, how}    asked: model → its talk, a list of {role, content}; how: settings
//   {do: "stop"}                   all answers end where they are
// and it says, each with `kind`, the `id` and the `model` that it is about, `loading`, `window` (how
// the talk lies in it), `token` (one more), `end` and `problem` (one sentence); `done` when all have
// ended.
// Models write in turn, a token each, so that one sees them side by side.
import { Template } from "@huggingface/jinja";
import { Tokenizer } from "@huggingface/tokenizers";
import { best, draw } from "./draw.js";
import { GPT, softmax } from "./model.js";
import { N_ } from "./page.js";

const NEW_TOKENS = 40; // the longest answer, as in the lessons
const BARS = 5;
const loaded = new Map(); // model → GPT
let setup, tokenizer, template, special, asking; // `asking` is the id of the request at hand

const encode = (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
// Everything that waits gives messages to this worker a chance to be read.
const pause = (milliseconds) =>
  new Promise((go) => {
    if (milliseconds > 0) return setTimeout(go, milliseconds);
    const { port1, port2 } = new MessageChannel(); // a timer of 0 would wait for 4 ms
    port1.onmessage = () => (port1.close(), go());
    port2.postMessage(0);
  });

// A sentence that the page says, in its language: what is in braces comes from `fields`.
class Problem extends Error {
  constructor(text, fields = {}) {
    super(text);
    this.fields = fields;
  }
}

async function fetched(file, tell = () => {}) {
  const answer = await fetch(new URL(file, import.meta.url)).catch(() => {
    const lost = N_("The file {file} can't be fetched: are you offline, or is the server gone?");
    throw new Problem(lost, { file });
  });
  if (!answer.ok) {
    const refused = N_("The file {file} can't be fetched ({status}): build the site again.");
    throw new Problem(refused, { file, status: answer.status });
  }
  const parts = [];
  let size = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read().catch(() => {
      throw new Problem(N_("The file {file} can't be fetched to its end: try again."), { file });
    });
    if (done) break;
    parts.push(value);
    tell((size += value.length));
  }
  return new Blob(parts).arrayBuffer();
}

let opened;
const ready = () => (opened ??= open().catch(failed)); // and once more, if it failed
const failed = (error) => {
  opened = undefined;
  throw error;
};
async function open() {
  const json = JSON.parse(new TextDecoder().decode(await fetched(setup.tokenizer)));
  tokenizer = new Tokenizer(json, setup.tokenizer_config);
  template = new Template(setup.template);
  special = json.added_tokens.map((token) => token.content);
}

async function load(about, say) {
  if (loaded.has(about.name)) return;
  const file = await fetched(about.file, (bytes) =>
    say("loading", { model: about.name, bytes, of: about.bytes }),
  );
  if (file.byteLength !== about.bytes)
    throw new Problem(N_("The file of {name} is damaged: build the site again."), about);
  loaded.set(about.name, new GPT(file, about.config));
}

// Nobody should speak for the model by typing its special tokens.
function plain(text) {
  while (special.some((token) => text.includes(token)))
    for (const token of special) text = text.replaceAll(token, " ");
  return text.trim();
}

// What a model reads: a dialogue in the template, or lines of one text.
function prompt({ base }, talk) {
  if (!base) return template.render({ messages: talk, add_generation_prompt: true });
  const lines = talk.filter(({ content }) => content).map(({ content }) => `${content}\n`);
  return special[0] + lines.join("");
}

// The talk as far as it fits, the oldest turns left out, and how many tokens each message takes.
function fitted(about, talk) {
  const room = about.config.n_positions - NEW_TOKENS;
  for (let left = 0; left < talk.length; left += 2) {
    const read = talk.slice(left);
    const ends = read.map((_, i) => encode(prompt(about, read.slice(0, i + 1))).length);
    if (ends.at(-1) > room) continue;
    const tokens = encode(prompt(about, read));
    return { left, tokens, sizes: ends.map((end, i) => end - (ends[i - 1] ?? 0)) };
  }
  const needed = encode(prompt(about, talk.slice(-1))).length;
  throw new Problem(
    N_(
      "The message takes {needed} tokens and {name} can read {room} and still answer: shorten it.",
    ),
    { needed, name: about.name, room },
  );
}

// Numbers from 0 to 1 that look random; the same seed gives the same ones (mulberry32).
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const shown = (token) => tokenizer.decode([token], { skip_special_tokens: false });

// One model's answer, a token each time it is asked for the next.
function* answer(about, talk, how, say) {
  const { left, tokens, sizes } = fitted(about, talk);
  const model = about.name;
  say("window", { model, left, sizes });
  const [gpt, uniform, written] = [loaded.get(model), random(how.seed + talk.length), []];
  let [said, seconds] = ["", 0];
  gpt.rewind();
  for (let next = tokens; written.length < NEW_TOKENS; ) {
    const start = performance.now();
    const scores = gpt.read(next);
    const { token, kept } = draw(scores, how, uniform());
    if (next !== tokens) seconds += (performance.now() - start) / 1000; // writing alone counts
    const shares = softmax(scores);
    const bars = best(scores, BARS).map((each) => [shown(each), shares[each]]);
    const rank = scores.filter((score) => score > scores[token]).length;
    const end = token === 0;
    if (!end) written.push(token);
    const text = written.length ? tokenizer.decode(written, { skip_special_tokens: true }) : "";
    if (!text.endsWith("\ufffd")) said = text; // a letter of several bytes may need more tokens
    const chosen = [shown(token), shares[token]];
    say("token", { model, text: said, bars, chosen, rank, kept, end });
    if (end) break;
    next = [token];
    yield;
  }
  const full = written.length === NEW_TOKENS;
  say("end", { model, text: said, tokens: written.length, seconds, full });
}

async function ask({ id, asked, how }) {
  const say = (kind, more) => postMessage({ kind, id, ...more });
  asking = id;
  const writing = new Map();
  const attempt = async (name, work) => {
    try {
      return await work();
    } catch (error) {
      writing.delete(name);
      const { message, fields } =
        error instanceof Problem
          ? error
          : new Problem(N_("{name} failed: {why}"), { name, why: error.message });
      say("problem", { model: name, said: message, fields });
    }
  };
  let loading = 0;
  for (const [name, talk] of Object.entries(asked)) {
    const about = setup.models.find((each) => each.name === name);
    loading++;
    const opening = attempt(name, async () => {
      await ready();
      const clean = talk.map(({ role, content }) => ({ role, content: plain(content) }));
      if (!clean.at(-1).content) throw new Problem(N_("The message is empty: write something first."));
      if (asking === id) fitted(about, clean); // before something large is fetched
      if (asking === id) await load(about, say);
      writing.set(name, answer(about, clean, how, say));
    });
    opening.finally(() => loading--);
  }
  for (let due = performance.now(); asking === id && (loading || writing.size); ) {
    for (const [name, tokens] of [...writing])
      await attempt(name, () => tokens.next().done && writing.delete(name));
    due = Math.max(due + (how.perSecond ? 1000 / how.perSecond : 0), performance.now());
    await pause(writing.size ? due - performance.now() : 10);
  }
  say("done", { id, stopped: asking !== id });
}

onmessage = async ({ data }) => {
  if (data.do === "open") setup = data.setup;
  else if (data.do === "length") {
    await ready().catch(() => {}); // who sends the message learns why
    if (tokenizer) postMessage({ kind: "length", text: data.text, ids: encode(data.text) });
  } else if (data.do === "ask") ask(data);
  else if (data.do === "stop") asking = undefined;
};
