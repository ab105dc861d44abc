// The page on which one talks to the models side by side: what is seen, and who said what so far.
// Models compute in chat_worker.js. Left out on purpose: keeping a talk when the page is closed.
import { judge, mark } from "./facts.js";
import { _, N_, percent } from "./page.js";

const root = document.querySelector("#talk");
const make = (tag, values = {}, ...children) => {
  const { dataset = {}, ...rest } = values;
  const element = Object.assign(document.createElement(tag), rest);
  Object.assign(element.dataset, dataset);
  element.append(...children);
  return element;
};
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const chance = (share) => (share >= 0.01 ? percent(share) : "< 1%");
const readable = (token) => token.replaceAll(" ", "␣").replaceAll("\n", "⏎") || _("(empty)");

const status = make("p", { className: "status" });
status.setAttribute("role", "status");
const tell = (sentence) => (status.textContent = sentence);

function field(label, values, tag = "input") {
  const input = make(tag, { id: `talk-${values.name}`, ...values });
  return [make("label", { htmlFor: input.id, textContent: label }), input];
}

// One model's column: its talk, its window, and the bars of a token.
class Column {
  constructor(about, judged) {
    Object.assign(this, { about, judged, talk: [], steps: [] });
    const name = about.name;
    this.chosen = make("input", { type: "checkbox", id: `with-${name}`, checked: about.asked });
    this.label = make("label", { htmlFor: this.chosen.id });
    this.label.append(make("b", { textContent: name }), ` · ${megabytes(about.bytes)}`);
    this.log = make("div", { className: "log", tabIndex: 0 });
    this.log.setAttribute("role", "log");
    this.log.setAttribute("aria-live", "off"); // word by word nobody could follow
    this.log.setAttribute("aria-label", _("Talk with {name}", { name }));
    this.note = make("p", { className: "note" });
    this.bar = make("div", { className: "window" });
    this.bar.setAttribute("role", "img");
    this.counts = make("p", { className: "note" });
    const [label, at] = field(_("Token"), { name: `at-${name}`, type: "range", min: 0, value: 0 });
    this.at = at;
    at.addEventListener("input", () => this.bars(+at.value));
    this.likely = make("ol", { className: "likely" });
    this.look = make("div", { className: "look", hidden: true }, label, at, this.likely);
    this.node = make(
      "section",
      { className: "column", hidden: !about.asked, dataset: { model: name } },
      make("h2", { textContent: name }),
      make("p", { className: "note", textContent: _(about.about) }),
      this.log,
      this.note,
      this.bar,
      this.counts,
      this.look,
    );
    this.chosen.addEventListener("change", () => (this.node.hidden = !this.chosen.checked));
    this.restart();
  }

  restart() {
    this.talk = [];
    this.steps = [];
    this.look.hidden = true;
    this.note.textContent = "";
    this.draw({ left: 0, sizes: [] });
    this.fill({ left: 0, sizes: [] }, 0);
  }

  // The talk as it is; what no longer fits is pale, an answer that is done has its marks.
  draw({ left = this.left } = {}) {
    this.left = left;
    const bubbles = this.talk.map(({ role, content, open }, i) => {
      const text = make("div");
      if (role === "user" || open) text.textContent = content + (open ? " ▌" : "");
      else if (content) mark(text, this.judged(content));
      else text.append(make("i", { textContent: _("(nothing: the model ended at once)") }));
      const who = role === "user" ? _("You") : this.about.name;
      const className = `bubble ${role}${i < left ? " unread" : ""}`;
      return make("div", { className }, make("b", { textContent: who }), text);
    });
    if (!bubbles.length) bubbles.push(make("i", { textContent: _("Nothing said yet.") }));
    this.log.replaceChildren(...bubbles);
    this.log.scrollTop = this.log.scrollHeight;
  }

  // The window as a bar: each message that is read, the answer so far, and what is left.
  fill({ left, sizes }, written) {
    const window = this.about.config.n_positions;
    this.sizes = sizes;
    const parts = sizes.map((size, i) => [size, i % 2 ? "assistant" : "user"]);
    if (written) parts.push([written, "written"]);
    this.bar.replaceChildren(
      ...parts.map(([size, className]) => {
        const part = make("span", { className });
        part.style.width = `${(100 * size) / window}%`;
        return part;
      }),
    );
    const read = sizes.reduce((a, b) => a + b, 0);
    const out = left
      ? ` ${_("The oldest {left} messages no longer fit and aren't read.", { left })}`
      : "";
    const counts = { all: read + written, window, read, written };
    const said = _("{all} of {window} tokens: {read} read, {written} written.", counts);
    this.counts.textContent = said + out;
    this.bar.setAttribute("aria-label", _("Window: {counts}", { counts: said + out }));
  }

  // The most probable tokens at one place of the last answer, and the one that was taken.
  bars(at) {
    const { bars, chosen, rank, kept } = this.steps[at];
    const rows = bars.map(([token, share], i) => [token, share, i === rank, i >= kept]);
    if (rank >= bars.length) rows.push([...chosen, true, false]);
    this.likely.replaceChildren(
      ...rows.map(([token, share, taken, out]) => {
        const bar = make("span", { className: "bar" });
        bar.style.width = `${100 * share}%`;
        const row = make(
          "li",
          { className: `${taken ? "taken" : ""}${out ? " out" : ""}` },
          make("code", { textContent: readable(token) }),
          make("span", { className: "track" }, bar),
          make("span", { textContent: chance(share) + (taken ? " ←" : "") }),
        );
        return row;
      }),
    );
    const place = { n: at + 1, of: this.steps.length, token: readable(chosen[0]) };
    const token = _("Token {n} of {of}: {token}", place);
    this.at.labels[0].textContent = token;
    this.at.setAttribute("aria-valuetext", token);
  }

  take(message) {
    const last = this.talk.at(-1);
    if (message.kind === "loading") {
      const [size, share] = [megabytes(message.of), percent(message.bytes / message.of)];
      this.note.textContent = _("Fetching {size}: {share}", { size, share });
    } else if (message.kind === "window") {
      this.talk.push({ role: "assistant", content: "", open: true });
      this.steps = [];
      this.note.textContent = "";
      this.draw(message);
      this.fill(message, 0);
    } else if (message.kind === "token") {
      this.steps.push(message);
      last.content = message.text;
      this.changed = true;
    } else if (message.kind === "end") this.close(message);
    else if (message.kind === "problem") {
      this.close({});
      this.unread();
      this.note.textContent = _(message.said, message.fields);
    }
  }

  // Takes back a message that wasn't read, so that the talk is as it was; tells whether it did.
  unread() {
    if (this.talk.at(-1)?.role !== "user") return false;
    this.talk.pop();
    this.draw();
    return true;
  }

  close({ tokens, seconds, full }) {
    const last = this.talk.at(-1);
    if (!last?.open) return;
    Object.assign(last, { open: false, content: last.content.trim() });
    this.show(true);
    if (tokens === undefined) return;
    const speed = seconds && Math.round((this.steps.length - 1) / seconds);
    const count = _(tokens === 1 ? N_("{n} token") : N_("{n} tokens"), { n: tokens });
    const computed = { count, speed: speed && speed.toLocaleString("en") };
    const done = speed ? _("{count}, computed at {speed} a second.", computed) : `${count}.`;
    this.note.textContent = done + (full ? ` ${_("The answer is cut off here.")}` : "");
  }

  // Once for each picture that the screen shows, however many tokens came meanwhile.
  show(done = false) {
    if (!this.changed && !done) return;
    this.changed = false;
    this.draw();
    if (!this.steps.length) return;
    const ended = this.steps.at(-1).end ? 1 : 0;
    this.fill({ left: this.left, sizes: this.sizes }, this.steps.length - ended);
    this.look.hidden = false;
    this.at.max = this.steps.length - 1;
    this.at.disabled = !done; // while it is written the last token is shown
    this.at.value = done ? 0 : this.steps.length - 1;
    this.bars(+this.at.value);
  }
}

class Page {
  constructor(setup) {
    this.setup = setup;
    this.asked = 0;
    const judged = judge(setup.facts);
    this.columns = new Map(setup.models.map((about) => [about.name, new Column(about, judged)]));
    this.build();
    this.start();
  }

  build() {
    const columns = [...this.columns.values()];
    const values = { name: "message", type: "text", autocomplete: "off" };
    const [label, message] = field(_("Message"), values);
    this.message = message;
    this.length = make("p", { className: "note" });
    this.send = make("button", { type: "submit", textContent: _("Send") });
    this.stop = make("button", { type: "button", textContent: _("Stop"), disabled: true });
    this.again = make("button", { type: "button", textContent: _("Restart") });
    const number = (text, name, value, min, max, step) => {
      const [label, input] = field(text, { name, type: "number", min, max, step, value });
      this[name] = input;
      return make("span", { className: "setting" }, label, input);
    };
    const [paceLabel, pace] = field(_("Pace"), { name: "pace" }, "select");
    this.pace = pace;
    pace.append(
      make("option", { value: "20", textContent: _("to read along (20 tokens a second)") }),
      make("option", { value: "0", textContent: _("as fast as it goes") }),
    );
    const choice = make("fieldset", {}, make("legend", { textContent: _("Models") }));
    for (const { chosen, label } of columns)
      choice.append(make("span", { className: "setting" }, chosen, label));
    choice.append(
      make("p", { className: "note", textContent: _("Each is fetched when it is first asked.") }),
    );
    const settings = make(
      "fieldset",
      {},
      make("legend", { textContent: _("Sampling") }),
      number(_("Temperature"), "temperature", 0.7, 0, 5, 0.1),
      number(_("Top-k (0: all)"), "topK", 0, 0, 1152, 1),
      number(_("Top-p"), "topP", 1, 0.01, 1, 0.01),
      number(_("Seed"), "seed", 1, 0, 999999, 1),
      make("span", { className: "setting" }, paceLabel, pace),
    );
    const buttons = make("div", { className: "buttons" }, this.send, this.stop, this.again);
    const form = make("form", {}, choice, settings, label, message, this.length, buttons, status);
    form.noValidate = true; // our own sentence says what is wrong
    form.addEventListener("submit", (event) => (event.preventDefault(), this.ask()));
    this.stop.addEventListener("click", () => this.worker.postMessage({ do: "stop" }));
    this.again.addEventListener("click", () => this.restart());
    message.addEventListener("input", () => {
      this.length.textContent = "";
      this.worker?.postMessage({ do: "length", text: message.value });
    });
    const grid = make("div", { className: "columns" }, ...columns.map(({ node }) => node));
    root.replaceChildren(form, grid);
    tell(_("Write a message, then Send (or the Enter key)."));
  }

  start() {
    this.worker = new Worker(new URL("chat_worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.take(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.end(_("The models' script can't run here: reload the page, or try a newer browser."));
    };
    this.worker.postMessage({ do: "open", setup: this.setup });
  }

  // The settings, or what is wrong with them in a sentence.
  how() {
    const how = { perSecond: +this.pace.value };
    for (const name of ["temperature", "topK", "topP", "seed"]) {
      const { value, min, max } = this[name];
      const label = this[name].labels[0].textContent;
      if (value === "" || !(+value >= +min && +value <= +max))
        return _("{label} is a number from {min} to {max}.", { label, min, max });
      how[name] = name === "topK" || name === "seed" ? Math.round(+value) : +value;
    }
    return how;
  }

  ask() {
    if (this.busy) return;
    const content = this.message.value.trim();
    const chosen = [...this.columns.values()].filter((column) => column.chosen.checked);
    if (!content) return tell(_("The message is empty: write something, then send it."));
    if (!chosen.length) return tell(_("No model is chosen: choose one above."));
    const how = this.how();
    if (typeof how === "string") return tell(how);
    for (const column of chosen) {
      column.talk.push({ role: "user", content });
      column.draw();
    }
    const said = (talk) => talk.map(({ role, content }) => ({ role, content }));
    const asked = Object.fromEntries(chosen.map(({ about, talk }) => [about.name, said(talk)]));
    Object.assign(this, { busy: true, began: performance.now(), sent: content });
    delete root.dataset.first;
    root.dataset.state = "busy";
    [this.send.disabled, this.stop.disabled] = [true, false];
    this.message.value = this.length.textContent = "";
    tell(_("The models are writing …"));
    this.worker.postMessage({ do: "ask", id: ++this.asked, asked, how });
    requestAnimationFrame(() => this.frame());
  }

  frame() {
    for (const column of this.columns.values()) column.show();
    if (this.busy) requestAnimationFrame(() => this.frame());
  }

  take(message) {
    const { kind, model } = message;
    if (kind === "length") {
      if (message.text !== this.message.value) return; // an older one
      const count = message.ids.length;
      this.length.textContent = count ? _("{n} tokens", { n: count }) : "";
      return;
    }
    if (message.id !== this.asked) return; // of a talk that is over
    if (kind === "done") return this.end(message.stopped ? _("Stopped.") : _("Ready."));
    if (kind === "token") root.dataset.first ??= Math.round(performance.now() - this.began);
    if (kind === "problem") this.failed = _(message.said, message.fields);
    this.columns.get(model).take(message);
  }

  end(sentence) {
    const columns = [...this.columns.values()];
    for (const column of columns) column.close({});
    const back = columns.filter((column) => column.unread()).length;
    if ((back || this.failed) && !this.message.value) this.message.value = this.sent;
    tell(this.failed ?? sentence);
    this.failed = undefined;
    this.busy = false;
    root.dataset.state = "ready";
    [this.send.disabled, this.stop.disabled] = [false, true];
  }

  restart() {
    this.worker.postMessage({ do: "stop" });
    for (const column of this.columns.values()) column.restart();
    this.asked++; // what comes of the old talk isn't shown
    this.failed = undefined;
    this.end();
    tell(_("A new talk. The models remember nothing of the old one."));
  }
}

async function start() {
  if (location.protocol === "file:")
    return _("The models can't be fetched from a file: open the page by `course site --serve`.");
  if (typeof Worker === "undefined") return _("This browser has no workers: try a newer one.");
  const answer = await fetch(new URL("talk.json", import.meta.url)).catch(() => undefined);
  if (!answer?.ok) return _("The list of models can't be fetched: build the site again, or reload.");
  try {
    new Page(await answer.json());
  } catch (error) {
    return _("The models can't run in this browser: {why}.", { why: error.message });
  }
  root.dataset.state = "ready";
}

const problem = await start();
if (problem) {
  root.replaceChildren(status);
  tell(problem);
}
