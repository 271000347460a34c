// The first view: a tile for each sensor, what needs a look first.

import * as api from "./api.js";
import { element, setText } from "./dom.js";
import { age, exact, number } from "./format.js";
import { RANK, ageOf, stateOf, thresholdsOf } from "./model.js";
import { sparkline } from "./sparkline.js";

const DAY_MS = 86_400_000;
const SPARK_POINTS = 120;
const SPARK_AGAIN_MS = 60_000;
const SORTS = {
  state: ["What needs a look first", (a, b) => RANK[stateOf(a).state] - RANK[stateOf(b).state] || byName(a, b)],
  name: ["Name", (a, b) => byName(a, b)],
  age: ["Longest silent first", (a, b) => (ageOf(b) ?? Infinity) - (ageOf(a) ?? Infinity) || byName(a, b)],
};
const byName = (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true });
const WORDS = { gone: "not connected", stale: "stale", unknown: "no value", suspect: "suspect", good: "" };

export class Tiles {
  #tiles = new Map();
  #asked = "";
  #timers = [];

  constructor(model, main) {
    this.model = model;
    this.search = element("input", { type: "search", placeholder: "Search", "aria-label": "Search sensors", oninput: () => this.#arrange() });
    this.sort = element("select", { "aria-label": "Sort by", onchange: () => this.#remember() },
      ...Object.entries(SORTS).map(([key, [label]]) => element("option", { value: key }, label)));
    this.group = element("select", { "aria-label": "Group by", onchange: () => this.#remember() },
      element("option", { value: "" }, "No groups"), element("option", { value: "link" }, "By link"), element("option", { value: "kind" }, "By kind"));
    this.sort.value = localStorage.getItem("sort") ?? "state";
    this.group.value = localStorage.getItem("group") ?? "";
    this.summary = element("p.summary", { role: "status" });
    this.list = element("div.groups");
    main.replaceChildren(
      element("h1.hidden", {}, "Sensors"),
      element("div.tools", {}, this.summary, this.search, this.sort, this.group),
      this.list);
    this.onList = () => this.#arrange();
    this.onSensor = (event) => { this.#update(event.detail); this.#arrange(); };
    model.addEventListener("list", this.onList);
    model.addEventListener("sensor", this.onSensor);
    this.#timers = [setInterval(() => this.#tick(), 1000), setInterval(() => this.#sparks(), SPARK_AGAIN_MS)];
    this.#arrange();
    this.#sparks();
  }

  close() {
    this.#timers.forEach(clearInterval);
    this.model.removeEventListener("list", this.onList);
    this.model.removeEventListener("sensor", this.onSensor);
  }

  #remember() {
    localStorage.setItem("sort", this.sort.value);
    localStorage.setItem("group", this.group.value);
    this.#asked = "";
    this.#arrange();
  }

  /** Which tiles there are, and in which order; only what moved is moved, so that nothing flickers. */
  #arrange() {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    const sensors = [...this.model.sensors.values()];
    const shown = sensors.filter((sensor) => `${sensor.name} ${sensor.kind ?? ""} ${sensor.link ?? ""}`.toLocaleLowerCase().includes(wanted));
    shown.sort((SORTS[this.sort.value] ?? SORTS.state)[1]);
    const silent = sensors.filter((sensor) => RANK[stateOf(sensor).state] < RANK.suspect).length;
    const count = `${sensors.length} ${sensors.length === 1 ? "sensor" : "sensors"}`;
    setText(this.summary, sensors.length ? (silent ? `${count}, ${silent} silent` : `${count}, all reporting`) : "No sensors yet");
    this.summary.classList.toggle("bad", silent > 0);
    const key = (sensor) => (this.group.value ? sensor[this.group.value] ?? "other" : "");
    const order = shown.map((sensor) => `${key(sensor)}\n${sensor.name}`).join("\n\n");
    if (order === this.#asked && this.list.childElementCount) return;
    this.#asked = order;
    const groups = new Map();
    for (const sensor of shown) groups.set(key(sensor), [...(groups.get(key(sensor)) ?? []), sensor]);
    const parts = [...groups].map(([name, members]) =>
      element("section", {}, name ? element("h2", {}, name) : null, element("div.tiles", {}, ...members.map((sensor) => this.#tile(sensor.name)))));
    this.list.replaceChildren(...(parts.length ? parts : [element("p.empty", {}, wanted ? "No sensor has that in its name, kind or link." : "The gateway has no sensors: add one under sensors: in config.yaml.")]));
    for (const name of this.#tiles.keys()) if (!this.model.sensors.has(name)) this.#tiles.delete(name);
  }

  #tile(name) {
    if (!this.#tiles.has(name)) {
      const parts = {
        value: element("span.value"), unit: element("span.unit"), age: element("span.age"), badge: element("span.badge"),
        why: element("p.why"), limits: element("p.limits"), spark: element("div.sparkbox"), where: element("p.where"),
      };
      parts.root = element("a.tile", { href: `#/sensor/${encodeURIComponent(name)}` },
        element("h3", {}, name), parts.badge,
        element("p.reading", {}, parts.value, parts.unit), parts.age, parts.limits, parts.why, parts.spark, parts.where);
      this.#tiles.set(name, parts);
      this.#update(name);
    }
    return this.#tiles.get(name).root;
  }

  #update(name) {
    const tile = this.#tiles.get(name), sensor = this.model.sensors.get(name);
    if (!tile || !sensor) return;
    const { state, text } = stateOf(sensor);
    tile.root.dataset.state = state;
    setText(tile.value, number(sensor.reading?.value ?? null, sensor.decimals));
    setText(tile.unit, sensor.reading?.unit ? ` ${sensor.reading.unit}` : "");
    setText(tile.badge, WORDS[state]);
    setText(tile.why, text || sensor.warning || "");
    setText(tile.where, [sensor.kind, sensor.link && `on ${sensor.link}`].filter(Boolean).join(" "));
    tile.limits.replaceChildren(...thresholdsOf(sensor).map(({ event, limit, rising, crossed }) =>
      element(crossed ? "span.limit.crossed" : "span.limit", {}, `${event} ${rising ? "≥" : "≤"} ${number(limit)}`)));
    this.#show(tile, sensor);
  }

  #show(tile, sensor) {
    const seconds = ageOf(sensor);
    setText(tile.age, seconds === null ? "never" : `${age(seconds)} ago`);
    tile.age.title = sensor.reading ? `measured ${exact(sensor.reading.time)}` : "";
  }

  #tick() {
    for (const [name, tile] of this.#tiles) {
      const sensor = this.model.sensors.get(name);
      if (sensor) this.#show(tile, sensor);
    }
  }

  async #sparks() {
    const until = api.now(), since = until - DAY_MS;
    for (const name of [...this.#tiles.keys()]) {
      try {
        const found = await api.history(name, since, until, SPARK_POINTS);
        this.#tiles.get(name)?.spark.replaceChildren(sparkline(found, since, until));
      } catch {
        this.#tiles.get(name)?.spark.replaceChildren(); // without history there is none; the stream says what is broken
      }
    }
  }
}
