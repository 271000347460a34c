// The sparklines of the tiles that can be seen, each asked for once a minute and one at a time.

import * as api from "./api.js";
import { number, span } from "./format.js";
import { sparkline } from "./sparkline.js";

const DAY_MS = 86_400_000;
const LEAST_MS = 10_000;
const POINTS = 120;
const AGAIN_MS = 60_000;
const LOOK_MS = 5_000;

export class Sparks {
  #tiles = new Map(); // a tile's box to {name, box, label, asked, first, seen}
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
    this.#tiles.set(box, { name, box, label, asked: -Infinity, first: -Infinity, seen: false });
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
    const until = api.now();
    let since = Math.max(until - DAY_MS, tile.first);
    try {
      let found = await api.history(tile.name, since, until, POINTS);
      tile.first = Math.min(found.first ?? -Infinity, until - LEAST_MS);
      if (tile.first - since > DAY_MS / 10) {
        since = tile.first; // a new gateway's day is a line at the edge
        found = await api.history(tile.name, since, until, POINTS);
      }
      tile.box.replaceChildren(sparkline(found, since, until));
      tile.label.textContent = found.points.length ? extent(found.points, until - since) : "";
    } catch (error) {
      this.#none = error.type === "not_found"; // this gateway keeps no history; what is broken the stream says
    }
  }
}

function extent(points, ms) {
  const low = Math.min(...points.map((point) => point.min)),
    high = Math.max(...points.map((point) => point.max));
  return `${ms < DAY_MS ? span(ms / 1000) : "24 h"}: ${number(low)} to ${number(high)}`;
}
