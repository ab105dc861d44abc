// The page's end of lab_worker.js: starts Python, runs one exercise at a time, stops it.
// With the isolation headers Stop interrupts Python as Ctrl-C does; without them, or where an answer
// doesn't let itself be interrupted, Python is ended and a new one started.
const PATIENCE = 2000; // milliseconds until an interruption counts as ignored
const STOPPED = { stopped: true, error: "stopped", checks: [], verdicts: null };

export class Python {
  constructor(plan, address) {
    this.plan = plan;
    this.address = address; // of the worker's script
    this.worker = null;
    this.running = null;
  }

  // Start it if it isn't there; a promise of its being ready.
  start() {
    if (this.ready) return this.ready;
    this.interrupts = self.crossOriginIsolated ? new Uint8Array(new SharedArrayBuffer(1)) : null;
    const worker = (this.worker = new Worker(this.address, { type: "module" }));
    this.ready = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if (data.kind === "ready") resolve();
        else if (data.kind === "said") this.running?.say(data.text);
        else if (data.kind === "done") this.running?.resolve(data.found);
        else this.fail(data.text, reject);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        this.fail(event.message || "the browser doesn't start it", reject);
      };
      worker.postMessage({ kind: "start", plan: this.plan, interrupts: this.interrupts });
    });
    this.ready.catch(() => {}); // who waits for it is told
    return this.ready;
  }

  fail(text, reject) {
    this.end();
    const error = new Error(text);
    reject(error);
    if (this.stopping) this.running?.resolve(STOPPED); // it came when nothing could catch it
    else this.running?.reject(error);
  }

  end() {
    this.worker?.terminate();
    this.worker = this.ready = null;
  }

  // Run a task; `say` gets what it prints.
  async run(task, say) {
    const finished = new Promise((resolve, reject) => {
      this.running = { say, resolve, reject };
    });
    try {
      // Without the second, a stop while Python starts would leave us waiting.
      await Promise.race([this.start(), finished]);
      this.worker?.postMessage({ kind: "run", task });
      return await finished;
    } finally {
      this.running = null;
      this.stopping = false;
      if (this.interrupts) this.interrupts[0] = 0;
    }
  }

  stop() {
    const running = this.running;
    if (!running) return;
    this.stopping = true;
    const over = () => {
      if (this.running !== running) return;
      this.end();
      running.resolve(STOPPED);
      this.start();
    };
    if (!this.interrupts) over();
    else {
      this.interrupts[0] = 2; // SIGINT
      setTimeout(over, PATIENCE);
    }
  }
}
