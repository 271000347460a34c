// The first view: a tile for each sensor, what needs a look first.

import { element } from "./dom.js";
import { RANK, ageOf, stateOf, thresholdsOf } from "./model.js";
import { Overview } from "./overview.js";
import { Sparks } from "./sparks.js";
import { Tile } from "./tile.js";

const byName = (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true });
/** Of those that are well, one with a crossed limit is the worse. */
const rankOf = (sensor) =>
  RANK[stateOf(sensor).state] + (thresholdsOf(sensor).some((each) => each.crossed) ? 0 : 0.5);
const SORTS = {
  state: ["Worst first", (a, b) => rankOf(a) - rankOf(b) || byName(a, b)],
  name: ["By name", byName],
  age: ["Longest silent first", (a, b) => (ageOf(b) ?? Infinity) - (ageOf(a) ?? Infinity) || byName(a, b)],
};
const GROUPS = { "": "No groups", link: "By link", kind: "By kind" };

export class Tiles {
  #tiles = new Map();
  #sparks = new Sparks();
  #order = null;
  #pending = 0;

  constructor(model, main) {
    this.model = model;
    this.overview = new Overview(model);
    this.search = element("input", {
      type: "search",
      placeholder: "Search",
      "aria-label": "Search sensors",
      oninput: () => this.#arrange(),
    });
    this.sort = this.#choice(
      "sort",
      "Sort",
      Object.entries(SORTS).map(([key, [label]]) => [key, label]),
    );
    this.group = this.#choice("group", "Group", Object.entries(GROUPS));
    this.list = element("div.groups");
    main.replaceChildren(
      element("h1.hidden", {}, "Sensors"),
      element(
        "div.tools",
        {},
        this.overview.root,
        element("div.controls", {}, this.search, this.sort, this.group),
      ),
      this.list,
    );
    this.listeners = [
      ["list", () => this.#all()],
      [
        "sensor",
        ({ detail }) => {
          this.#tiles.get(detail)?.update(model.sensors.get(detail));
          this.#soon();
        },
      ],
      ["gateway", () => this.overview.update()],
    ];
    for (const [kind, listener] of this.listeners) model.addEventListener(kind, listener);
    this.timer = setInterval(() => this.#tick(), 1000);
    this.#all();
  }

  close() {
    clearInterval(this.timer);
    cancelAnimationFrame(this.#pending);
    this.#sparks.close();
    for (const [kind, listener] of this.listeners) this.model.removeEventListener(kind, listener);
  }

  #choice(key, label, choices) {
    const select = element(
      "select",
      {
        "aria-label": label,
        onchange: () => {
          localStorage.setItem(key, select.value);
          this.#arrange();
        },
      },
      ...choices.map(([value, text]) => element("option", { value }, text)),
    );
    const kept = localStorage.getItem(key);
    if (choices.some(([value]) => value === kept)) select.value = kept;
    return select;
  }

  #all() {
    for (const [name, tile] of this.#tiles) {
      if (this.model.sensors.has(name)) continue;
      this.#sparks.remove(tile.spark);
      this.#tiles.delete(name);
    }
    for (const [name, sensor] of this.model.sensors) this.#tile(name).update(sensor);
    this.overview.update();
    this.#arrange();
  }

  /** Many events of one moment arrange the tiles once. */
  #soon() {
    cancelAnimationFrame(this.#pending);
    this.#pending = requestAnimationFrame(() => {
      this.overview.update();
      this.#arrange();
    });
  }

  /** Which tiles there are, and in which order; nothing moves where that is as before. */
  #arrange() {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    const shown = [...this.model.sensors.values()].filter((sensor) =>
      `${sensor.name} ${sensor.kind ?? ""} ${sensor.link ?? ""}`.toLocaleLowerCase().includes(wanted),
    );
    shown.sort(SORTS[this.sort.value][1]);
    const groupOf = (sensor) => (this.group.value ? (sensor[this.group.value] ?? "other") : "");
    const order = JSON.stringify([wanted, shown.map((sensor) => [groupOf(sensor), sensor.name])]);
    if (order === this.#order) return;
    this.#order = order;
    const focused = document.activeElement;
    const groups = grouped(shown, groupOf);
    const parts = [...groups].map(([name, members]) =>
      element(
        "section",
        {},
        element(name ? "h2" : "h2.hidden", {}, name || "All sensors"),
        element("div.tiles", {}, ...members.map((sensor) => this.#tile(sensor.name).root)),
      ),
    );
    this.list.replaceChildren(...(parts.length ? parts : [nothing(wanted)]));
    if (this.list.contains(focused)) focused.focus(); // who moves through the tiles by keyboard stays where he is
  }

  #tile(name) {
    if (!this.#tiles.has(name)) {
      const tile = new Tile(name, this.model.short(name));
      this.#tiles.set(name, tile);
      this.#sparks.add(name, tile.spark, tile.extent);
    }
    return this.#tiles.get(name);
  }

  #tick() {
    for (const [name, tile] of this.#tiles) tile.tick(this.model.sensors.get(name));
    if (this.sort.value === "age") this.#arrange();
  }
}

function grouped(sensors, groupOf) {
  const groups = new Map();
  for (const sensor of sensors) groups.set(groupOf(sensor), [...(groups.get(groupOf(sensor)) ?? []), sensor]);
  return groups;
}

function nothing(wanted) {
  return wanted
    ? element("div.empty", {}, element("p", {}, "No sensor has that in its name, kind or link."))
    : element(
        "div.empty",
        {},
        element("p.lead", {}, "No sensors yet"),
        element(
          "p",
          {},
          "Plug one in, or add it under ",
          element("code", {}, "sensors:"),
          " in the gateway's config.yaml. It appears here by itself.",
        ),
      );
}
