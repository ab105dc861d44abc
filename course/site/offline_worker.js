// The service worker of the pages: what was read, or kept, opens without a network.
// Pages and scripts come from the network first, from what is kept if there is none. Heavy files
// (models, Python, also from another host) come from what is kept if it has the hash that
// offline.json gives, so that they are fetched once for each version. On hosts that send no headers it adds those that isolate a
// page, which the next page that is opened then is; nothing is loaded again under someone's hands.
// Left out on purpose: a network that answers after minutes.
const SCOPE = new URL(self.registration.scope);
const CACHE = `course 1 ${SCOPE.pathname}`; // one host may have several courses; as in offline.js
const HEAVY = /\.(wasm|whl|zip|safetensors)$/;
const RELEASE = /[/@-]v?\d+\.\d+\.\d+/; // in another host's address: a file that never changes
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "cross-origin",
};
const TOLD = {}; // language → title, sentence and words of the link; offline.py puts them in
const away = (url) => {
  const language = url.pathname.slice(SCOPE.pathname.length).split("/")[0];
  const [folder, code] = language in TOLD ? [`${language}/`, language] : ["", "en"];
  const [title, sentence, link] = TOLD[code];
  return `<!doctype html><html lang="${code}"><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width"><p>${sentence}</p>
<p><a href="${SCOPE.pathname}${folder}index.html">${link}</a></p></html>`;
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(begin()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const ours = url.origin === SCOPE.origin && url.pathname.startsWith(SCOPE.pathname);
  if (request.method !== "GET" || request.headers.has("range")) return;
  if (request.headers.has("x-keep")) return; // offline.js keeps it itself
  if (!ours && !RELEASE.test(url.pathname)) return;
  event.respondWith(ours && !HEAVY.test(url.pathname) ? fresh(event, url) : once(event, url));
});

async function begin() {
  for (const name of await caches.keys()) {
    const older = name.startsWith("course ") && name.endsWith(` ${SCOPE.pathname}`);
    if (older && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

// What a file is kept as: its address without what comes after "?" or "#".
function plain(url) {
  return url.origin + url.pathname + (url.pathname.endsWith("/") ? "index.html" : "");
}

async function fresh(event, url) {
  if (event.request.mode === "navigate") asked = null; // the pages may have changed
  const cache = await caches.open(CACHE);
  const key = plain(url);
  try {
    const answer = await fetch(event.request);
    if (answer.ok) event.waitUntil(cache.put(key, answer.clone()).catch(() => {})); // no room
    return isolated(answer);
  } catch {
    const kept = (await cache.match(key)) ?? (await cache.match(key, { ignoreSearch: true }));
    if (kept) return isolated(kept);
    if (event.request.mode !== "navigate") return Response.error();
    return new Response(away(url), { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
  }
}

async function once(event, url) {
  const cache = await caches.open(CACHE);
  const hash = (await hashes()).get(plain(url));
  const key = plain(url) + (hash ? `?${hash}` : "");
  const kept = await cache.match(key, { ignoreSearch: hash === undefined });
  if (kept) return isolated(kept);
  const answer = await fetch(event.request).catch(() => null);
  if (!answer) {
    const older = await cache.match(key, { ignoreSearch: true });
    return older ? isolated(older) : Response.error();
  }
  if (answer.ok) {
    await cache.delete(key, { ignoreSearch: true }); // other versions
    event.waitUntil(cache.put(key, answer.clone()).catch(() => {})); // no room
  }
  return isolated(answer);
}

// Address → hash of each file, as offline.json says now, or said when there was a network.
let asked = null;
function hashes() {
  const name = new URL("offline.json", SCOPE).href;
  asked ??= fetch(name, { cache: "no-cache" })
    .catch(async () => (await caches.open(CACHE)).match(name))
    .then((answer) => answer.json())
    .then(({ files }) => new Map(files.map(([path, , hash]) => [new URL(path, SCOPE).href, hash])))
    .catch(() => new Map());
  return asked;
}

function isolated(answer) {
  if (answer.type === "opaque" || answer.type === "opaqueredirect") return answer;
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(ISOLATED)) headers.set(name, value);
  const { status, statusText } = answer;
  return new Response(answer.body, { status, statusText, headers });
}
