// The second view: one sensor (or several) as a chart, read now, and what its history says.

import * as api from "./api.js";
import { Chart } from "./chart.js";
import { element, setText } from "./dom.js";
import { age, exact, number, span } from "./format.js";
import { ageOf, stateOf, thresholdsOf } from "./model.js";

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const RANGES = [["1 h", HOUR], ["12 h", 12 * HOUR], ["24 h", DAY], ["week", 7 * DAY], ["month", 30 * DAY], ["year", 365 * DAY]];
const MOST_POINTS = 1500;
const AGAIN_MS = 30_000; // a chart that ends now moves on
const LEAST_SPAN = 10_000;
const COLORS = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6"];

export class SensorView {
  #loading = null;
  #timers = [];
  #zoomed = null; // {since, until}, else the last `range` ms
  #range = DAY;
  #shown = [];

  constructor(model, main, name) {
    this.model = model;
    this.name = name;
    this.others = [];
    this.value = element("span.value");
    this.unit = element("span.unit");
    this.about = element("p.about");
    this.limits = element("p.limits");
    this.read = element("button.primary", { type: "button", onclick: () => this.#readNow() }, "Read now");
    this.answer = element("p.answer", { role: "status" });
    this.ranges = element("div.ranges", { role: "group", "aria-label": "Time shown" },
      ...RANGES.map(([label, ms]) => element("button", { type: "button", "data-ms": ms, onclick: () => this.#choose(ms) }, label)),
      element("button", { type: "button", "data-ms": "all", hidden: true, onclick: () => this.#choose(this.#range) }, "back"));
    this.add = element("select", { "aria-label": "Compare with", onchange: () => this.#compare() });
    this.csv = element("div.csv");
    this.canvas = element("canvas.chart", { tabindex: "0", role: "img", "aria-label": `Chart of ${name}` });
    this.legend = element("ul.legend", { "aria-live": "off" });
    this.note = element("p.note", { role: "status" });
    this.gaps = element("div.gaps");
    main.replaceChildren(
      element("p.crumb", {}, element("a", { href: "#/" }, "← Sensors")),
      element("div.head", {},
        element("div", {}, element("h1", {}, name), element("p.reading.big", {}, this.value, this.unit), this.about, this.limits),
        element("div.now", {}, this.read, this.answer)),
      element("div.tools", {}, this.ranges, this.add, this.csv),
      this.canvas, this.legend, this.note, this.gaps);
    this.chart = new Chart(this.canvas, {
      onZoom: (since, until) => this.#zoom(since, until),
      onCursor: (time) => this.#legend(time),
    });
    this.onSensor = (event) => { if (event.detail === name) this.#now(); };
    this.onList = () => { this.#now(); this.#choices(); };
    model.addEventListener("sensor", this.onSensor);
    model.addEventListener("list", this.onList);
    this.#timers = [setInterval(() => this.#now(), 1000), setInterval(() => this.#zoomed === null && this.#load(), AGAIN_MS)];
    this.#choices();
    this.#now();
    this.#load();
  }

  close() {
    this.#timers.forEach(clearInterval);
    this.#loading?.abort();
    this.chart.destroy();
    this.model.removeEventListener("sensor", this.onSensor);
    this.model.removeEventListener("list", this.onList);
  }

  get #sensor() { return this.model.sensors.get(this.name); }

  #now() {
    const sensor = this.#sensor;
    if (!sensor) {
      setText(this.about, "The gateway does not know this sensor.");
      return;
    }
    const { state, text } = stateOf(sensor), seconds = ageOf(sensor);
    this.value.parentElement.dataset.state = state;
    setText(this.value, number(sensor.reading?.value ?? null, sensor.decimals));
    setText(this.unit, sensor.reading?.unit ? ` ${sensor.reading.unit}` : "");
    const when = seconds === null ? "no value yet" : `${age(seconds)} ago, ${exact(sensor.reading.time)}`;
    setText(this.about, text ? `${when} · ${text}` : when);
    this.limits.replaceChildren(...thresholdsOf(sensor).map(({ event, limit, rising, crossed }) =>
      element(crossed ? "span.limit.crossed" : "span.limit", {}, `${event} ${rising ? "≥" : "≤"} ${number(limit)}`)));
  }

  async #readNow() {
    this.read.disabled = true;
    this.answer.className = "answer";
    setText(this.answer, "asking the hardware…");
    const started = performance.now();
    try {
      const { response } = await api.request(this.name, "read");
      const took = Math.round(performance.now() - started);
      setText(this.answer, `${number(response.value)} ${response.unit}, measured now; it took ${took} ms`);
    } catch (error) {
      this.answer.classList.add("bad");
      setText(this.answer, `${error.type}: ${error.message}`);
    } finally {
      this.read.disabled = false;
    }
  }

  #choices() {
    const names = [...this.model.sensors.keys()].filter((each) => each !== this.name && !this.others.includes(each)).sort();
    this.add.replaceChildren(element("option", { value: "" }, "Compare with…"), ...names.map((each) => element("option", { value: each }, each)));
    this.add.hidden = names.length === 0 || this.others.length >= COLORS.length - 1;
  }

  #compare() {
    if (this.add.value) this.others.push(this.add.value);
    this.#choices();
    this.#load();
  }

  #choose(ms) {
    this.#range = ms;
    this.#zoomed = null;
    this.#load();
  }

  #zoom(since, until) {
    const now = api.now();
    const end = Math.min(until, now);
    if (end - since < LEAST_SPAN) return;
    this.#zoomed = { since, until: end };
    this.#load();
  }

  async #load() {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    const until = this.#zoomed?.until ?? api.now();
    const since = this.#zoomed?.since ?? until - this.#range;
    const points = Math.max(50, Math.min(MOST_POINTS, Math.round(this.canvas.clientWidth)));
    const names = [this.name, ...this.others];
    try {
      const found = await Promise.all(names.map((each) => api.history(each, since, until, points, loading.signal)));
      this.#shown = found;
      this.chart.setData({
        since, until,
        series: found.map((history, index) => ({
          ...history, name: names[index], color: COLORS[index], decimals: this.model.sensors.get(names[index])?.decimals,
        })),
      });
      this.#afterLoad(names, found, since, until, points);
    } catch (error) {
      if (error.name !== "AbortError") setText(this.note, `No history: ${error.message}`);
    }
  }

  #afterLoad(names, found, since, until, points) {
    const first = Math.min(...found.map((history) => history.first ?? Infinity));
    const now = api.now();
    for (const button of this.ranges.children) {
      if (button.dataset.ms === "all") {
        button.hidden = this.#zoomed === null;
        continue;
      }
      const ms = Number(button.dataset.ms), before = RANGES.map(([, each]) => each).filter((each) => each < ms).at(-1) ?? 0;
      button.disabled = !(first < now - before) && ms !== HOUR;
      button.setAttribute("aria-pressed", String(this.#zoomed === null && ms === this.#range));
    }
    const empty = found.every((history) => history.points.length === 0);
    setText(this.note, !empty ? "" : Number.isFinite(first)
      ? `Nothing was measured in this time. There is history since ${exact(first)}.`
      : "There is no history of this sensor yet: it begins with the next value.");
    this.csv.replaceChildren(...names.map((each) =>
      element("a", { href: api.csvAddress(each, since, until, points), download: `${each}.csv` }, names.length > 1 ? `CSV of ${each}` : "CSV")));
    this.#legend(null);
    this.#listGaps(found[0].gaps);
  }

  #listGaps(gaps) {
    if (!gaps.length) {
      this.gaps.replaceChildren();
      return;
    }
    const last = gaps.slice(-8).reverse();
    const more = gaps.length > last.length ? ` (the last ${last.length} of ${gaps.length})` : "";
    this.gaps.replaceChildren(
      element("h2", {}, `Gaps in this time${more}`),
      element("ul", {}, ...last.map((gap) => element("li", {}, `${exact(gap.from)}, ${span((gap.to - gap.from) / 1000)}: ${gap.reason}`))));
  }

  /** The values at the cursor, or the last ones. */
  #legend(time) {
    const { since, until } = this.chart.data;
    const at = time ?? until;
    const rows = this.chart.at(Math.min(at, until - 1)).map(({ series, point, gap }) => {
      const value = gap ? gap.reason : point ? this.#words(series, point) : "nothing yet";
      const remove = series.name === this.name ? null : element("button", { type: "button", "aria-label": `Without ${series.name}`, onclick: () => this.#without(series.name) }, "×");
      return element("li", {}, element("span.swatch", { "data-color": series.color }), element("strong", {}, series.name), ` ${value}`, remove);
    });
    const when = time === null ? null : element("li.when", {}, exact(Math.min(Math.max(time, since), until)));
    this.legend.replaceChildren(...(when ? [when, ...rows] : rows));
  }

  #words(series, point) {
    const decimals = series.decimals;
    const value = `${number(point.count > 1 ? Number(point.mean.toFixed((decimals ?? 1) + 1)) : point.value, point.count > 1 ? undefined : decimals)} ${series.unit ?? ""}`;
    const band = point.count > 1 ? ` (${number(point.min, decimals)} to ${number(point.max, decimals)}, ${point.count} values)` : "";
    return `${value}${band}, ${exact(point.time)}`;
  }

  #without(name) {
    this.others = this.others.filter((each) => each !== name);
    this.#choices();
    this.#load();
  }
}
