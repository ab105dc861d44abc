// Python for the exercises of a page, in a thread beside it. Every file of Pyodide is held to the
// SHA-256 of labs.json, so it may come from any address. Messages in: `start`, then `run`, one at a
// time; out: `ready`, `said` (what an answer prints), `done`, `failed`. What Python does with an
// exercise is course/site/runner.py.
let python, runner, plan;

const base64 = (hex) => btoa(hex.replace(/../g, (two) => String.fromCharCode(parseInt(two, 16))));

// Whatever asks for a file of Pyodide by its name gets that file or an error.
function guard(files) {
  const plain = self.fetch.bind(self);
  self.fetch = (address, options) => {
    const file = files[String(address.url ?? address).split("/").pop()];
    const integrity = file && { integrity: `sha256-${base64(file.sha256)}` };
    return plain(address, { ...options, ...integrity });
  };
}

async function code(name) {
  const answer = await fetch(plan.address + name);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  const blob = new Blob([await answer.text()], { type: "text/javascript" });
  return URL.createObjectURL(blob);
}

async function start(message) {
  plan = message.plan;
  guard(plan.files);
  const course = fetch(plan.course).then((answer) => answer.arrayBuffer());
  const lock = new Blob([JSON.stringify({ info: plan.info, packages: {} })]);
  const [module] = await Promise.all([
    code("pyodide.mjs").then((address) => import(address)),
    code("pyodide.asm.js").then((address) => import(address)), // leaves a global behind
  ]);
  python = await module.loadPyodide({
    indexURL: plan.address,
    lockFileURL: URL.createObjectURL(lock),
    env: { COURSE_ROOT: "/course", COURSE_LANG: plan.language },
    stdout: () => {}, // what goes round Python's own is dropped: it might be endless
    stderr: () => {},
  });
  await load(["numpy"]);
  python.unpackArchive(new Uint8Array(await course), "zip", { extractDir: "/course" });
  python.runPython("import sys; sys.path.insert(0, '/course')");
  runner = python.pyimport("course.site.runner");
  runner.prepare();
  if (message.interrupts) python.setInterruptBuffer(message.interrupts);
  python.runPython("import numpy, course.checks");
}

const loaded = new Set();
async function load(names) {
  for (const name of names.filter((one) => !loaded.has(one))) {
    const wheels = plan.packages[name].map((file) => plan.address + file);
    await python.loadPackage(wheels, { messageCallback: () => {}, checkIntegrity: false });
    loaded.add(name);
  }
}

async function run(message) {
  const text = JSON.stringify(message.task);
  const named = runner.names(text, Object.keys(plan.packages));
  await load(named.split("\n").filter(Boolean));
  const found = runner.answer(text, (said) => postMessage({ kind: "said", text: said }));
  postMessage({ kind: "done", found: JSON.parse(found) });
}

self.onmessage = async ({ data }) => {
  try {
    if (data.kind === "start") {
      await start(data);
      postMessage({ kind: "ready" });
    } else await run(data);
  } catch (error) {
    postMessage({ kind: "failed", text: String(error?.message ?? error).slice(-500) });
  }
};
