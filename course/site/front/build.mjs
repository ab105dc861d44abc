// Makes ../built, what a reader's browser loads, from the modules of this folder:
//   npm ci --ignore-scripts && node build.mjs [FOLDER]
// What it makes is committed, so only who changes a module needs node; tests/site/test_front.py
// makes it again and compares byte by byte. A file holds all that it imports, since no page may
// ask another host for a part.
import { build } from "esbuild";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// One line for each script: a page's own, or a worker's. site.js knows which page loads which.
const entries = [
  "lab.js", // the exercises of a lesson's page
  "lab_worker.js", // Python for them
];

const here = dirname(fileURLToPath(import.meta.url));
const ours = join(here, "..", "built");
const out = process.argv[2] ?? ours;
if (out === ours) await rm(out, { recursive: true, force: true }); // nothing else is in it
const made = await build({
  absWorkingDir: here,
  entryPoints: entries,
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["chrome100", "firefox114", "safari16"], // module workers, top-level await
  charset: "utf8",
  minify: true,
  legalComments: "none", // all licences are in one file, below
  loader: { ".py": "text" },
  metafile: true,
});

// Whose work is in them, with each licence in full.
const inside = new Set();
for (const path of Object.keys(made.metafile.inputs)) {
  const found = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (found) inside.add(found[1]);
}
const licences = [];
for (const name of [...inside].sort()) {
  const folder = join(here, "node_modules", name);
  const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
  const text = file ? (await readFile(join(folder, file), "utf8")).replaceAll("\r\n", "\n") : "";
  licences.push(`${name} ${version}\n\n${text.trim()}\n`);
}
await writeFile(join(out, "LICENSES.txt"), licences.join(`\n${"-".repeat(72)}\n\n`));
