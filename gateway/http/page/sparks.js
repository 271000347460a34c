// The sparklines of the tiles that can be seen, each asked for once a minute and one at a time.

import * as api from "./api.js";
import { number } from "./format.js";
import { sparkline } from "./sparkline.js";

const DAY_MS = 86_400_000;
const POINTS = 120;
const AGAIN_MS = 60_000;
const LOOK_MS = 5_000;

export class Sparks {
  #tiles = new Map(); // a tile's box to {name, box, label, asked, seen}
  #busy = false;
  #none = false;

  constructor() {
    this.observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const tile = this.#tiles.get(target);
        if (tile) tile.seen = isIntersecting;
      }
      this.#next();
    });
    this.timer = setInterval(() => this.#next(), LOOK_MS);
  }

  close() {
    clearInterval(this.timer);
    this.observer.disconnect();
    this.#tiles.clear();
  }

  /** `box` gets the line, `label` what its least and greatest values are. */
  add(name, box, label) {
    this.#tiles.set(box, { name, box, label, asked: -Infinity, seen: false });
    this.observer.observe(box);
  }

  remove(box) {
    this.#tiles.delete(box);
    this.observer.unobserve(box);
  }

  async #next() {
    if (this.#busy) return;
    this.#busy = true;
    for (let tile = this.#due(); tile; tile = this.#due()) await this.#draw(tile);
    this.#busy = false;
  }

  #due() {
    if (this.#none || document.hidden) return undefined;
    const before = performance.now() - AGAIN_MS;
    return [...this.#tiles.values()].find((tile) => tile.seen && tile.asked <= before);
  }

  async #draw(tile) {
    tile.asked = performance.now();
    const until = api.now(),
      since = until - DAY_MS;
    try {
      const found = await api.history(tile.name, since, until, POINTS);
      tile.box.replaceChildren(sparkline(found, since, until));
      tile.label.textContent = found.points.length ? extent(found.points) : "";
    } catch (error) {
      this.#none = error.type === "not_found"; // this gateway keeps no history; what is broken the stream says
    }
  }
}

function extent(points) {
  const low = Math.min(...points.map((point) => point.min)),
    high = Math.max(...points.map((point) => point.max));
  return `24 h: ${number(low)} to ${number(high)}`;
}
