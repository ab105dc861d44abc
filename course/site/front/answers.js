// A learner's answers, kept in this browser (IndexedDB): lesson/cell → the answer and what passed.
// Where the browser refuses to keep them they stay in memory until the page is closed. Of two tabs
// the one that typed last wins, and the other one shows it. A page that is being closed has no time
// for IndexedDB: what was typed at the very end goes to localStorage, and from there at the next visit.
const NAME = "gpt-course";
const STORE = "answers";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });

export class Answers {
  // `refused` is called once when the browser doesn't keep answers, `changed` with the cell and the
  // answer when another tab with this lesson has written one.
  constructor(lesson, refused, changed) {
    this.lesson = lesson;
    this.memory = new Map();
    this.refused = refused;
    this.channel = self.BroadcastChannel ? new BroadcastChannel(NAME) : null;
    if (!this.channel) return;
    this.channel.onmessage = ({ data }) => {
      if (data.lesson !== lesson) return;
      this.memory.set(`${lesson}/${data.id}`, data.kept);
      changed(data.id, data.kept);
    };
  }

  async open() {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      this.base = await done(request);
      this.base.onversionchange = () => this.base.close();
      const range = IDBKeyRange.bound(`${this.lesson}/`, `${this.lesson}/\uffff`);
      const store = this.base.transaction(STORE).objectStore(STORE);
      const [keys, kept] = await Promise.all([
        done(store.getAllKeys(range)),
        done(store.getAll(range)),
      ]);
      keys.forEach((key, i) => this.memory.set(key, kept[i]));
    } catch {
      this.refuse();
    }
    try {
      const start = `${NAME}/${this.lesson}/`;
      for (const key of Object.keys(localStorage).filter((one) => one.startsWith(start))) {
        const id = key.slice(start.length);
        const kept = JSON.parse(localStorage.getItem(key));
        if (kept.time > (this.get(id)?.time ?? 0)) await this.set(id, kept);
        localStorage.removeItem(key);
      }
    } catch {} // blocked as well: nothing was left there
  }

  // Keep an answer at once, while the page is being closed.
  leave(id, kept) {
    try {
      localStorage.setItem(`${NAME}/${this.lesson}/${id}`, JSON.stringify(kept));
    } catch {} // blocked: `refused` has said so
  }

  refuse() {
    this.base = null;
    if (!this.told) this.refused();
    this.told = true;
  }

  get(id) {
    return this.memory.get(`${this.lesson}/${id}`);
  }

  async set(id, kept) {
    const key = `${this.lesson}/${id}`;
    this.memory.set(key, kept);
    if (this.base) {
      try {
        const change = this.base.transaction(STORE, "readwrite");
        const written = new Promise((resolve, reject) => {
          change.oncomplete = resolve;
          change.onabort = change.onerror = () => reject(change.error);
        });
        change.objectStore(STORE).put(kept, key);
        await written;
        if (!this.asked) navigator.storage?.persist?.().catch(() => {}); // not to be cleared away
        this.asked = true;
      } catch {
        this.refuse(); // full, or taken away meanwhile
      }
    }
    this.channel?.postMessage({ lesson: this.lesson, id, kept });
    return Boolean(this.base);
  }
}
