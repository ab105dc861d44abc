// The exercises of a lesson's page: an editor in place of each answer's cell, its checks below it,
// and a panel above the first one for the whole lesson. Set-up, stub, checks and points come from
// the released notebook, which lies beside the page. Without JavaScript the page reads as before.
import { Answers } from "./answers.js";
import { editor, replace } from "./editor.js";
import style from "./lab.css";
import { exercises, exported, imported, text, version } from "./notebook.js";
import { _, N_ } from "./page.js";
import { Python } from "./python.js";

const SAVE_AFTER = 400; // milliseconds after a keystroke
const lesson = decodeURIComponent(location.pathname.split("/").pop()).replace(/\.html$/, "");
const beside = (name) => new URL(name, import.meta.url).href;
const MB = (bytes) => `${Math.round(bytes / 1e6)} MB`;
const count = (n, one, more) => _(n === 1 ? one : more, { n });
const CHECKS = [N_("{n} check"), N_("{n} checks")];
const EXERCISES = [N_("{n} exercise"), N_("{n} exercises")];
const POINTS = [N_("{n} point"), N_("{n} points")];
const ANSWERS = [N_("{n} answer"), N_("{n} answers")];

function make(tag, values = {}, ...inside) {
  const { role, label, ...rest } = values;
  const element = Object.assign(document.createElement(tag), rest);
  if (role) element.setAttribute("role", role);
  if (label) element.setAttribute("aria-label", label);
  element.append(...inside);
  return element;
}

const button = (text, onclick) => make("button", { type: "button", textContent: text, onclick });

async function get(address, how) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer[how]();
}

// --- one exercise ---------------------------------------------------------------------------------

class Lab {
  constructor(page, exercise, place) {
    Object.assign(this, { page, exercise });
    this.run = button(_("Run and check"), () => this.check());
    this.stop = button(_("Stop"), () => page.python.stop());
    this.again = button(_("Start again"), () => {
      replace(this.view, exercise.stub);
      this.say(_("Ctrl-Z in the editor brings your answer back."));
    });
    this.stop.disabled = true;
    this.run.disabled = !page.able;
    this.status = make("p", { className: "lab-status", role: "status" }); // read out when it changes
    this.checks = make("ul", { className: "lab-checks" });
    const printed = { role: "group", label: _("What your answer printed"), tabIndex: 0 }; // may scroll
    this.printed = make("pre", { className: "lab-printed", hidden: true, ...printed });
    const told = { role: "group", label: _("Your verdicts"), tabIndex: 0 };
    this.verdicts = make("div", { className: "lab-verdicts", hidden: true, ...told });
    const holder = make("div", { className: "lab-editor" });
    const section = make(
      "section",
      { className: "lab", label: _("Your answer: {name}", exercise) },
      holder,
      make("div", { className: "lab-buttons" }, this.run, this.stop, this.again),
      this.status,
      this.checks,
      this.printed,
      this.verdicts,
    );
    const kept = page.answers.get(exercise.id);
    this.view = editor(holder, {
      label: _("Your answer: {name}. Escape, then Tab, leaves the editor.", exercise),
      code: kept?.code ?? exercise.stub,
      run: () => this.check(),
      typed: () => this.typed(),
      focused: () => page.able && page.start(this),
    });
    // What is typed here is for the editor alone: "/" would else open the theme's search.
    section.addEventListener("keydown", (event) => event.stopPropagation());
    section.lab = this; // for whoever looks from outside, such as a test
    place.replaceChildren(section);
    this.section = section;
    if (kept && kept.version !== exercise.version) {
      this.say(
        _("This exercise has changed since your answer was saved: read it again, then check."),
      );
    } else if (this.passed().length) this.told(this.passed());
  }

  get code() {
    return this.view.state.doc.toString();
  }

  // The checks that have passed this very answer.
  passed() {
    const kept = this.page.answers.get(this.exercise.id);
    const valid = kept && kept.version === this.exercise.version && kept.checked === kept.code;
    return valid ? kept.passed : [];
  }

  say(text) {
    this.status.textContent = text;
  }

  told(passed) {
    const { checks, points } = this.exercise;
    const got = checks.filter((c) => passed.includes(c.id)).reduce((sum, c) => sum + c.points, 0);
    const right = { n: passed.length, checks: count(checks.length, ...CHECKS), got, points };
    this.say(_("Passed: {n} of {checks}, {got} of {points} points.", right));
  }

  typed() {
    if (this.taking) return; // it has come from another tab, where it is kept
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SAVE_AFTER);
  }

  // What is to be kept. An answer to an older exercise stays one until it is checked again.
  kept(news = {}) {
    const before = this.page.answers.get(this.exercise.id) ?? {};
    const first = { passed: [], version: this.exercise.version };
    return { ...first, ...before, code: this.code, ...news, time: Date.now() };
  }

  async save(news = {}) {
    clearTimeout(this.timer);
    this.timer = null;
    await this.page.answers.set(this.exercise.id, this.kept(news));
    this.page.progress();
  }

  // The page is left or hidden.
  flush() {
    if (!this.timer) return;
    this.page.answers.leave(this.exercise.id, this.kept());
    this.save();
  }

  // Another tab has written this answer later than we have.
  take(kept) {
    clearTimeout(this.timer);
    this.timer = null;
    if (kept.code !== this.code) {
      this.taking = true;
      replace(this.view, kept.code);
      this.taking = false;
      this.say(_("You have changed this answer in another tab: this is what you wrote there."));
    }
    this.page.progress();
  }

  async check() {
    const { page, exercise } = this;
    if (!page.able) return;
    if (page.python.running) {
      this.say(_("Another answer is running: stop it first."));
      return;
    }
    const code = this.code;
    this.run.disabled = true;
    this.stop.disabled = false;
    this.checks.replaceChildren();
    this.verdicts.replaceChildren();
    this.verdicts.hidden = true;
    this.printed.textContent = "";
    this.printed.hidden = true;
    this.say(page.ready ? _("Running …") : _("Python starts …"));
    page.start(this).then(() => this.stop.disabled || this.say(_("Running …")), () => {});
    const { name, id, setup, ordinary, stub, checks } = exercise;
    const task = { lesson, name, id, setup, ordinary, stub, checks, answer: code };
    let found;
    try {
      found = await page.python.run(task, (text) => {
        this.printed.hidden = false;
        this.printed.textContent += text;
      });
      const passed = found.checks.filter((one) => one.passed).map((one) => one.id);
      if (found.stopped) this.say(_("Stopped. Your answer is kept."));
      else {
        await this.save({ checked: code, passed, version: exercise.version });
        if (found.error) this.say(found.error);
        else this.told(passed);
      }
      this.show(found);
    } catch (error) {
      const said = N_("Python has ended ({why}). Your answer is kept: run it again.");
      if (page.ready) this.say(_(said, { why: error.message }));
    }
    this.run.disabled = false;
    this.stop.disabled = true;
    this.section.dispatchEvent(new CustomEvent("checked", { detail: found ?? null }));
  }

  show({ error, checks, verdicts }) {
    const rows = error ? [] : checks;
    this.checks.append(
      ...rows.map(({ title, passed, message, id }) => {
        const { points } = this.exercise.checks.find((one) => one.id === id);
        const sign = make("span", { className: "lab-sign" }, passed ? _("✓ right") : _("✗ not yet"));
        const what = ` · ${title} · ${count(points, ...POINTS)}`;
        const why = message ? [make("p", {}, message)] : [];
        return make("li", { className: passed ? "lab-right" : "lab-wrong" }, sign, what, ...why);
      }),
    );
    if (!verdicts) return;
    this.verdicts.hidden = false;
    const heads = [_("statement"), _("you say"), _("right is"), _("why")];
    const body = verdicts.rows.map(({ statement, yours, right, why, fine }) =>
      make(
        "tr",
        {},
        ...[statement, `${fine ? "✓" : "✗"} ${yours}`, right, why].map((t) => make("td", {}, t)),
      ),
    );
    this.verdicts.append(
      make("p", {}, _("{good} of {of} are right, verdict and figure.", verdicts)),
      make(
        "table",
        {},
        make("thead", {}, make("tr", {}, ...heads.map((t) => make("th", { scope: "col" }, t)))),
        make("tbody", {}, ...body),
      ),
    );
  }
}

// --- the lesson -----------------------------------------------------------------------------------

class Page {
  constructor(plan, release, english) {
    this.plan = plan;
    this.release = release;
    this.exercises = exercises(JSON.parse(release));
    // An exercise is the same one in each language, so an answer fits both and what it passed stays.
    const originals = new Map(exercises(JSON.parse(english)).map((one) => [one.id, one]));
    for (const exercise of this.exercises) {
      const original = originals.get(exercise.id) ?? exercise;
      exercise.version = version(original);
      exercise.stubs = [exercise.stub, original.stub];
    }
    this.able = typeof WebAssembly === "object" && typeof Worker === "function";
    this.python = new Python(
      {
        ...plan,
        address: new URL(plan.address, import.meta.url).href,
        course: beside(plan.course),
        language: document.documentElement.lang,
      },
      beside("lab_worker.js"),
    );
    this.notice = make("p", { className: "lab-notice", role: "status" });
    this.total = make("p", { className: "lab-total" });
    this.labs = new Map();
  }

  async open() {
    this.answers = new Answers(
      lesson,
      () =>
        this.say(
          _(
            "This browser keeps no answers (its storage is full or blocked): they are here until " +
              "you close the page. Export them before.",
          ),
        ),
      (id, kept) => this.labs.get(id)?.take(kept),
    );
    await this.answers.open();
    const places = [...document.querySelectorAll(".tag_lab-answer, .tag_lab-elsewhere")];
    for (const place of places) {
      const id = [...place.classList].find((c) => c.startsWith("tag_cid--")).slice(9);
      const exercise = this.exercises.find((one) => one.id === id);
      if (!exercise) continue;
      if (place.matches(".tag_lab-answer")) this.labs.set(id, new Lab(this, exercise, place));
      else {
        const sentence = _(
          "This exercise needs PyTorch, which doesn't run in a page: answer it in JupyterLab:",
        );
        const command = make("code", {}, "python3 start.py");
        place.append(make("p", { className: "lab-elsewhere" }, sentence, " ", command));
      }
    }
    document.head.append(make("style", {}, style));
    (places[0].closest("article section") ?? places[0]).before(this.panel());
    this.progress();
    addEventListener("pagehide", () => this.labs.forEach((lab) => lab.flush()));
    document.addEventListener("visibilitychange", () => this.labs.forEach((lab) => lab.flush()));
  }

  say(text) {
    this.notice.textContent = text;
  }

  // Start Python; the exercise that asks for it says how it goes.
  start(lab) {
    const first = !this.python.ready;
    const ready = this.python.start();
    if (first) {
      this.ready = false;
      lab.say(_("Python starts …"));
      ready.then(
        () => {
          this.ready = true;
          if (lab.status.textContent === _("Python starts …")) lab.say(_("Python is ready."));
        },
        (error) => {
          this.ready = false;
          const said = N_("Python can't be started ({why}). Your answer is kept.");
          lab.say(_(said, { why: error.message }));
        },
      );
    }
    return ready;
  }

  panel() {
    const { files, packages, version: number, address } = this.plan;
    const size = (names) => MB(names.reduce((sum, name) => sum + files[name].bytes, 0));
    const core = Object.keys(files).filter((name) => !packages.pandas.includes(name));
    const tables = JSON.parse(this.release).cells.some(
      (cell) => cell.cell_type === "code" && /\bimport pandas\b/.test(text(cell)),
    );
    const host = new URL(address, import.meta.url).host;
    const from = host === location.host ? _("this site") : host;
    const fetched = { number, core: size(core), tables: size(packages.pandas), from };
    const PLAIN = N_(
      "You can answer the exercises of this lesson here. When you click in an editor, the page " +
        "fetches Pyodide {number}, a Python for browsers: {core}, from {from}. Your browser keeps it.",
    );
    const WITH_TABLES = N_(
      "You can answer the exercises of this lesson here. When you click in an editor, the page " +
        "fetches Pyodide {number}, a Python for browsers: {core}, and pandas, {tables}, for " +
        "exercises that use it, from {from}. Your browser keeps it.",
    );
    const elsewhere = this.exercises.length - this.labs.size;
    const words = [
      _(tables ? WITH_TABLES : PLAIN, fetched),
      _(
        "Answers are saved in this browser and nowhere else. The checks here are the visible " +
          "ones; hidden ones run when an instructor grades. Demos show what they showed when we " +
          "ran them; in JupyterLab they are live.",
      ),
      _("Keys: Ctrl-Enter runs and checks; Tab indents; Escape, then Tab, leaves the editor."),
    ];
    if (elsewhere) {
      const exercises = count(elsewhere, ...EXERCISES);
      words.push(_("{exercises} of this lesson: in JupyterLab only.", { exercises }));
    }
    if (!this.able) {
      words.push(
        _(
          "This browser has no WebAssembly, so answers can't be checked here. Export them and " +
            "open the notebook in JupyterLab.",
        ),
      );
    }
    const file = make("input", { type: "file", accept: ".ipynb", hidden: true, label: _("A notebook") });
    file.onchange = () => this.import(file);
    return make(
      "section",
      { className: "lab-panel", label: _("The exercises of this lesson") },
      ...words.map((one) => make("p", {}, one)),
      make(
        "div",
        { className: "lab-buttons" },
        button(_("Export a notebook"), () => this.export()),
        button(_("Import a notebook"), () => file.click()),
        file,
      ),
      this.total,
      this.notice,
    );
  }

  progress() {
    const labs = [...this.labs.values()];
    let [right, got, points] = [0, 0, 0];
    for (const lab of labs) {
      const passed = lab.passed();
      points += lab.exercise.points;
      for (const check of lab.exercise.checks) if (passed.includes(check.id)) got += check.points;
      if (passed.length === lab.exercise.checks.length) right += 1;
    }
    const exercises = count(labs.length, ...EXERCISES);
    const so = { right, exercises, got, points };
    this.total.textContent = _(
      "You have passed {right} of {exercises}, {got} of {points} points.",
      so,
    );
  }

  export() {
    const answers = {};
    for (const { id } of this.exercises) {
      const code = this.labs.get(id)?.code ?? this.answers.get(id)?.code;
      if (code !== undefined) answers[id] = code;
    }
    const blob = new Blob([exported(this.release, answers)], { type: "application/x-ipynb+json" });
    const link = make("a", { href: URL.createObjectURL(blob), download: `${lesson}.ipynb` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    const said = N_("{lesson}.ipynb holds your answers: open it in JupyterLab, or hand it in.");
    this.say(_(said, { lesson }));
  }

  async import(file) {
    const [chosen] = file.files;
    if (!chosen) return;
    try {
      const answers = imported(await chosen.text(), chosen.name);
      const known = this.exercises.filter(({ name }) => answers[name] !== undefined);
      const mine = known.filter(({ name, stubs }) => !stubs.includes(answers[name]));
      if (!known.length) {
        throw new Error(_("{name} has no exercise of this lesson: nothing was changed.", chosen));
      }
      for (const exercise of mine) {
        const lab = this.labs.get(exercise.id);
        const code = answers[exercise.name];
        if (!lab) await this.answers.set(exercise.id, { code, passed: [], version: exercise.version });
        else if (lab.code !== code) {
          replace(lab.view, code);
          await lab.save({ version: exercise.version });
          lab.say(_("Imported; Ctrl-Z in the editor brings back what was here."));
        }
      }
      const said = { answers: count(mine.length, ...ANSWERS), name: chosen.name };
      this.say(_("{answers} imported from {name}: run them to check.", said));
    } catch (error) {
      this.say(error.message);
    }
    file.value = "";
  }
}

try {
  const own = new URL(`${lesson}.ipynb`, location.href).href;
  const original = new URL(`../${lesson}/${lesson}.ipynb`, import.meta.url).href; // in English
  const [plan, release, english] = await Promise.all([
    get(beside("labs.json"), "json"),
    get(own, "text"),
    own === original ? null : get(original, "text"),
  ]);
  await new Page(plan, release, english ?? release).open();
} catch (error) {
  const why = { why: error.message };
  const text = _("The exercises of this page can't be opened ({why}): reload it.", why);
  document.querySelector(".tag_lab-answer").before(make("p", { className: "lab-notice" }, text));
}
document.documentElement.dataset.labs = "open";
