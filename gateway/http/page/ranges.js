// Which time a chart shows: the last hour to the last year, or a span that was dragged.

import * as api from "./api.js";
import { element } from "./dom.js";

const HOUR = 3_600_000,
  DAY = 24 * HOUR;
const RANGES = [
  ["1 h", HOUR],
  ["12 h", 12 * HOUR],
  ["24 h", DAY],
  ["week", 7 * DAY],
  ["month", 30 * DAY],
  ["year", 365 * DAY],
];
const LEAST_SPAN = 10_000;
const MOST_SPAN = 5 * 365 * DAY;

export class Ranges {
  #zoomed = null; // {since, until}, else the last `range` ms
  #range = DAY;
  #first = -Infinity;

  /** `onChange()`: another time is to be shown. */
  constructor(onChange) {
    this.onChange = onChange;
    this.buttons = RANGES.map(([label, ms]) => {
      const button = element("button", { type: "button", onclick: () => this.#choose(ms) }, label);
      return { button, ms };
    });
    const move = (label, text, way, factor) =>
      element(
        "button",
        { type: "button", "aria-label": label, title: label, onclick: () => this.#move(way, factor) },
        text,
      );
    this.later = move("Later", "›", 0.5, 1);
    this.root = element(
      "div.times",
      {},
      element(
        "div.ranges",
        { role: "group", "aria-label": "Time shown" },
        ...this.buttons.map(({ button }) => button),
      ),
      element(
        "div.ranges",
        { role: "group", "aria-label": "Move and zoom" },
        move("Earlier", "‹", -0.5, 1),
        this.later,
        move("Zoom out", "−", 0, 2),
        move("Zoom in", "+", 0, 0.5),
      ),
    );
    this.#show();
  }

  /** Whether it ends now, and goes on. */
  get live() {
    return this.#zoomed === null;
  }

  /** {since, until} in ms; not from before there is anything, or a new gateway's chart is a line at its edge. */
  get shown() {
    const until = api.now();
    if (this.#zoomed) return this.#zoomed;
    const first = Number.isFinite(this.#first) ? Math.min(this.#first, until - LEAST_SPAN) : -Infinity;
    return { since: Math.max(first, until - this.#range), until };
  }

  /** Only ranges that hold data are offered; `first` (ms): since when there is any, Infinity for none. */
  setFirst(first) {
    this.#first = first;
    this.#show();
  }

  zoom(since, until) {
    const now = api.now(),
      end = Math.min(until, now);
    if (end - since < LEAST_SPAN || end - since > MOST_SPAN) return;
    this.#zoomed = { since, until: end };
    this.#changed();
  }

  /** About a time, null for the middle; of what was asked for last, which may not be drawn yet. */
  scale(factor, about) {
    const { since, until } = this.shown,
      middle = about ?? (since + until) / 2;
    this.zoom(middle - (middle - since) * factor, middle + (until - middle) * factor);
  }

  #choose(ms) {
    this.#range = ms;
    this.#zoomed = null;
    this.#changed();
  }

  #move(way, factor) {
    const { since, until } = this.shown,
      middle = (since + until) / 2,
      half = ((until - since) / 2) * factor;
    const shift = Math.min(way * (until - since), api.now() - until);
    this.zoom(middle - half + shift, middle + half + shift);
  }

  #changed() {
    this.#show();
    this.onChange();
  }

  #show() {
    const now = api.now();
    this.buttons.forEach(({ button }, index) => {
      button.hidden = index > 0 && !(this.#first < now - this.buttons[index - 1].ms); // no more than the one before
    });
    const chosen = this.buttons.findLast(({ button, ms }) => !button.hidden && ms <= this.#range);
    for (const each of this.buttons)
      each.button.setAttribute("aria-pressed", String(this.live && each === chosen));
    this.later.disabled = this.live;
  }
}
