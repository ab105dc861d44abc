// The page on which one drags from step 0 of pre-training to the chat model: at each stop of a
// recorded run, answers to fixed requests and figures. It computes nothing; slider.json has it all.
import { judge, mark } from "./facts.js";
import { _, N_, percent } from "./page.js";

const root = document.querySelector("#slider");
const ROWS = {
  // figure → its name, and whether it is a share
  loss: [N_("loss on the village's texts"), false],
  recall: [N_("completes facts"), true],
  following: [N_("follows requests"), true],
  truth: [N_("answers truly"), true],
  polite: [N_("is polite"), true],
  refusal: [N_("declines harm"), true],
  over_refusal: [N_("declines the harmless"), true],
  false_premise: [N_("corrects a false premise"), true],
  dialogue: [N_("keeps to a dialogue"), true],
};
const HIGH = 30; // of a row's picture, whose width is 100
const SVG = "http://www.w3.org/2000/svg";
const make = (tag, values = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), values);
  element.append(...children);
  return element;
};
const draw = (tag, values) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
  return element;
};

class Slider {
  constructor({ entropy, asked, parts, points, facts }) {
    Object.assign(this, { entropy, asked, parts, points, judged: judge(facts) });
    this.request = make("select", { id: "slider-request" });
    asked.forEach(({ what, turns }, i) =>
      this.request.append(make("option", { value: i, textContent: `${_(what)}: ${turns.at(-1)}` })),
    );
    const stops = { min: 0, max: points.length - 1, step: 1, value: 0 };
    this.at = make("input", { type: "range", id: "slider-at", ...stops });
    this.parts_ = make("div", { className: "parts" }, ...parts.map((part) => this.label(part)));
    this.where = make("p", { className: "where" });
    this.answer = make("div", { className: "log" });
    this.answer.setAttribute("role", "status");
    const table = make("table", { className: "figures" }, this.caption(), this.body());
    root.replaceChildren(
      make("label", { htmlFor: "slider-request", textContent: _("Request") }),
      this.request,
      make("label", { htmlFor: "slider-at", textContent: _("How far the model has learned") }),
      this.parts_,
      this.at,
      this.where,
      this.answer,
      table,
    );
    for (const input of [this.request, this.at]) input.addEventListener("input", () => this.show());
    this.show();
    root.dataset.state = "ready";
  }

  // A stage's name goes to its last stop.
  label(part) {
    const stops = this.points.filter((point) => point.part === part.name);
    const last = this.points.lastIndexOf(stops.at(-1));
    const button = make("button", { type: "button", textContent: _(part.name) });
    button.addEventListener("click", () => {
      this.at.value = last;
      this.show();
    });
    return button;
  }

  caption() {
    return make("caption", { textContent: _("What was measured; the line is where you are") });
  }

  body() {
    this.values = {};
    this.marks = [];
    const rows = Object.entries(ROWS).map(([key, [name, share]]) => {
      this.values[key] = make("td", { className: "number" });
      return make(
        "tr",
        {},
        make("th", { scope: "row", textContent: _(name) }),
        make("td", {}, this.picture(key, share)),
        this.values[key],
      );
    });
    return make("tbody", {}, ...rows);
  }

  x(i) {
    return 1 + (98 * i) / (this.points.length - 1);
  }

  // One figure along the way: its line, where stages begin, and the mark that moves.
  picture(key, share) {
    const numbers = this.points.map(({ figures }) => figures[key]);
    const most = share ? 1 : Math.max(...numbers);
    const y = (number) => HIGH - 2 - ((HIGH - 4) * number) / most;
    const box = { viewBox: `0 0 100 ${HIGH}`, preserveAspectRatio: "none" };
    const svg = draw("svg", { ...box, "aria-hidden": "true" }); // the numbers are beside it
    this.points.forEach(({ part }, i) => {
      if (i && part !== this.points[i - 1].part) {
        const x = (this.x(i) + this.x(i - 1)) / 2;
        svg.append(draw("line", { class: "begin", x1: x, x2: x, y1: 0, y2: HIGH }));
      }
    });
    if (!share) {
      const low = y(this.entropy);
      svg.append(draw("line", { class: "bound", x1: 0, x2: 100, y1: low, y2: low }));
    }
    const known = numbers.map((number, i) => number !== undefined && `${this.x(i)},${y(number)}`);
    svg.append(draw("polyline", { points: known.filter(Boolean).join(" ") }));
    const here = draw("line", { class: "here", x1: 0, x2: 0, y1: 0, y2: HIGH });
    this.marks.push(here);
    svg.append(here);
    return svg;
  }

  show() {
    const [i, n] = [+this.at.value, +this.request.value];
    const { part, step, of, figures, answers } = this.points[i];
    const about = this.parts.find(({ name }) => name === part);
    const rounds = part === "PPO" || part === "chat";
    const [now, all] = [step.toLocaleString("en"), of.toLocaleString("en")];
    const at = rounds ? N_("{part}, round {now} of {all}") : N_("{part}, step {now} of {all}");
    const place = _(at, { part: _(part), now, all });
    const model = step === of && about.end ? ` ${_("This is {end}.", about)}` : "";
    this.where.textContent = `${place}. ${_(about.about)}${model}`;
    this.at.setAttribute("aria-valuetext", place);
    [...this.parts_.children].forEach((button) =>
      button.setAttribute("aria-current", button.textContent === _(part) ? "step" : "false"),
    );
    this.answer.replaceChildren(
      ...this.asked[n].turns.flatMap((turn, k) => {
        const text = make("div");
        if (answers[n][k]) mark(text, this.judged(answers[n][k]));
        else text.append(make("i", { textContent: _("(nothing: the model ended at once)") }));
        const bubble = (role, who, what) =>
          make("div", { className: `bubble ${role}` }, make("b", { textContent: who }), what);
        return [
          bubble("user", _("You"), make("div", { textContent: turn })),
          bubble("assistant", _("The model"), text),
        ];
      }),
    );
    for (const [key, [, share]] of Object.entries(ROWS)) {
      const number = figures[key];
      this.values[key].textContent =
        number === undefined ? "–" : share ? percent(number) : number.toFixed(2);
    }
    for (const mark of this.marks) mark.style.transform = `translateX(${this.x(i)}px)`;
  }
}

const answer = await fetch(new URL("slider.json", import.meta.url)).catch(() => undefined);
if (answer?.ok) new Slider(await answer.json());
else {
  const sentence = _("The recorded run can't be fetched: open the page from a server.");
  root.replaceChildren(make("p", { role: "status", textContent: sentence }));
}
