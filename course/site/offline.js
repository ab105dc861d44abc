// Registers the service worker on each page, and runs the button that keeps the course offline.
// offline.json lists all files, with size and hash. A kept file's key in the cache is its address
// and hash, so what is there already isn't fetched again, and an interrupted download goes on.
// Pages in all languages are below one root, beside the folder of this script.
(() => {
  const _ = self.courseSays;
  const root = new URL("..", document.currentScript.src);
  const CACHE = `course 1 ${root.pathname}`; // as in offline_worker.js
  const AT_A_TIME = 6;
  const NO_WORKER = _(
    "This browser keeps no pages here (a private window, or an address without https): " +
      "you can read all of them while there is a network.",
  );
  const A_FILE = _(
    "These pages are files on your computer, so they open without a network already; only the " +
      "search needs a server, such as the one that the command python3 start.py site --serve starts.",
  );
  const listed = new URL("offline.json", root);
  const megabytes = (bytes) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;
  const address = (path) => encodeURI(path).replaceAll("#", "%23").replaceAll("?", "%3F");
  const key = ([path, , hash]) => `${new URL(address(path), root).href}?${hash}`;

  // What this page loaded before the worker was there, for when it is opened without a network.
  async function keepThisPage() {
    const cache = await caches.open(CACHE);
    const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
    for (const name of [location.href, ...loaded].filter((one) => one.startsWith(root.href))) {
      const { origin, pathname } = new URL(name);
      const plain = origin + pathname + (pathname.endsWith("/") ? "index.html" : "");
      if (await cache.match(plain)) continue;
      const answer = await fetch(name, { headers: { "x-keep": "1" } });
      if (answer.ok) await cache.put(plain, answer);
    }
  }

  // Null if this browser, or this address, has no service worker.
  async function register() {
    if (!navigator.serviceWorker || !window.caches) return null;
    const first = !navigator.serviceWorker.controller;
    const worker = navigator.serviceWorker.register(new URL("offline_worker.js", root));
    const registered = await worker.catch(() => null);
    if (registered && first) navigator.serviceWorker.ready.then(keepThisPage).catch(() => {});
    return registered;
  }

  async function missing(cache, files) {
    const kept = new Set((await cache.keys()).map((request) => request.url));
    return files.filter((file) => !kept.has(key(file)));
  }

  async function keep(cache, file) {
    const url = new URL(address(file[0]), root);
    const ours = { headers: { "x-keep": "1" }, cache: "no-cache" };
    const answer = await fetch(url, url.origin === root.origin ? ours : {});
    if (!answer.ok) throw new Error(`${file[0]}: ${answer.status}`);
    await cache.delete(key(file), { ignoreSearch: true }); // an older version
    await cache.put(key(file), answer);
  }

  async function button(place) {
    const text = place.appendChild(document.createElement("p"));
    text.setAttribute("role", "status");
    if (location.protocol === "file:") return void (text.textContent = A_FILE);
    if (!(await register())) return void (text.textContent = NO_WORKER);
    let list;
    try {
      list = await (await fetch(listed)).json();
    } catch {
      const kept = _("There is no network: you read what this browser has kept.");
      return void (text.textContent = kept);
    }
    const cache = await caches.open(CACHE);
    const all = list.files.reduce((sum, file) => sum + file[1], 0);
    const press = document.createElement("button");
    press.className = "btn btn-primary";
    place.prepend(press);

    async function show(said) {
      const left = await missing(cache, list.files);
      press.disabled = false;
      const size = megabytes(left.reduce((sum, file) => sum + file[1], 0));
      press.textContent = left.length
        ? _("Keep the course offline ({size})", { size })
        : _("Remove what is kept");
      press.onclick = left.length ? () => fill(left) : remove;
      place.dataset.kept = String(!left.length);
      const whole = _(
        "The course is kept on this device ({size}): it opens without a network.",
        { size: megabytes(all) },
      );
      text.textContent = left.length ? said : whole;
    }
    async function remove() {
      await caches.delete(CACHE);
      location.reload();
    }
    async function fill(left) {
      press.disabled = true;
      navigator.storage?.persist?.().catch(() => {}); // or the browser may clear it when it likes
      const waiting = [...left];
      const total = left.reduce((sum, file) => sum + file[1], 0);
      let done = 0;
      let failed = null;
      async function one() {
        for (let file; !failed && (file = waiting.shift()); ) {
          await keep(cache, file).catch((error) => (failed ??= { error, file }));
          done += failed ? 0 : file[1];
          const sizes = { done: megabytes(done), total: megabytes(total) };
          text.textContent = _("{done} of {total}", sizes);
        }
      }
      await Promise.all(Array.from({ length: AT_A_TIME }, one));
      const known = new Set(list.files.map(([path]) => new URL(address(path), root).href));
      known.add(listed.href);
      await cache.put(listed, new Response(JSON.stringify(list))).catch((error) => (failed ??= { error }));
      for (const { url } of failed ? [] : await cache.keys()) {
        if (url.startsWith(root.href) && !known.has(url.split("?")[0])) await cache.delete(url);
      }
      const { hostname, origin } = new URL(address(failed?.file?.[0] ?? ""), root);
      const elsewhere = origin !== root.origin;
      const why =
        failed?.error.name === "QuotaExceededError"
          ? _("The browser has no room left.")
          : elsewhere
            ? _("All pages are kept; Python can't be fetched from {host}.", { host: hostname })
            : _("The network is gone.");
      await show(`${why} ${_("What is kept so far stays; press again to go on.")}`);
    }
    await show("");
  }

  window.addEventListener("DOMContentLoaded", () => {
    const place = document.querySelector("#keep-offline");
    if (place) button(place);
    else if (location.protocol !== "file:") register();
  });
})();
