// SPDX-License-Identifier: Apache-2.0
// A page that is opened from a folder may not start a worker, which the theme's search is. This runs it in a hidden
// frame instead. (The theme would load a script for that from elsewhere; it looks for this file's name.)
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.appendChild(frame);
      const inner = frame.contentWindow;
      const load = (source) =>
        new Promise((done, failed) => {
          const script = inner.document.createElement("script");
          script.src = source;
          script.onload = done;
          script.onerror = failed;
          inner.document.body.appendChild(script);
        });
      // What the worker calls.
      inner.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inner.importScripts = (...sources) =>
        sources.reduce((before, source) => before.then(() => load(new URL(source, address).href)), Promise.resolve());
      this.ready = load(address);
      this.frame = frame;
    }
    postMessage(data) {
      const inner = this.frame.contentWindow;
      this.ready = this.ready.then(() => inner.dispatchEvent(new inner.MessageEvent("message", { data })));
    }
    terminate() {
      this.frame.remove();
    }
  };
}
