// The stream of events: it connects, and connects again, for as long as the page is open.

import { BASE, heardTime } from "./api.js";

const ALIVE_MS = 15_000; // the gateway says something at least every 5 s
const RECENT = 500; // events that are told once more when the page is opened
const RETRY_MS = [500, 1000, 2000, 4000];

export class Stream {
  #source = null;
  #watchdog = 0;
  #retry = 0;
  #failures = 0;
  #last = null;
  #began = null; // when the page was opened, by the gateway's clock

  #only = "";

  /** `onEvent({sender, event, data}, id, began)`: those of before `began` (ms) are told once more;
   *  `onGap(data)`, `onState("live" | "broken")`. */
  constructor({ onEvent, onGap, onState }) {
    this.onEvent = onEvent;
    this.onGap = onGap;
    this.onState = onState;
  }

  open() {
    this.close();
    const from = this.#last === null ? `recent=${RECENT}` : `last_event_id=${encodeURIComponent(this.#last)}`;
    const source = new EventSource(`${BASE}/events?${from}${this.#only}`);
    this.#source = source;
    this.#expect();
    source.addEventListener("open", () => {
      this.#failures = 0;
      this.#expect();
      this.onState("live");
    });
    source.addEventListener("alive", (message) => {
      this.#began ??= Date.parse(message.data);
      heardTime(Date.parse(message.data));
      this.#expect();
    });
    source.addEventListener("gap", (message) => {
      this.#take(message);
      this.onGap(JSON.parse(message.data));
    });
    source.addEventListener("message", (message) => {
      this.#take(message);
      this.onEvent(JSON.parse(message.data), message.lastEventId, this.#began);
    });
    source.addEventListener("error", () => this.#broken());
  }

  /** From now on only those events, as `&gateway=…` says it; it begins anew, if it is open. */
  only(which) {
    if (which === this.#only) return;
    this.#only = which;
    this.#last = this.#began = null;
    if (this.#source) this.open();
  }

  close() {
    clearTimeout(this.#retry);
    clearTimeout(this.#watchdog);
    this.#source?.close();
  }

  #take(message) {
    if (message.lastEventId) this.#last = message.lastEventId;
    this.#expect();
  }

  /** Something must come soon, or the connection is dead though nobody has closed it. */
  #expect() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#broken(), ALIVE_MS);
  }

  /** The browser's own coming again would wait for as long as it likes, and give up at an answer of 502. */
  #broken() {
    this.close();
    const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    this.#retry = setTimeout(() => this.open(), wait);
    this.onState("broken");
  }
}
