// The chart of a sensor's view: what is asked for, when it is asked for again, and what stands around the canvas.

import * as api from "./api.js";
import { Chart } from "./chart.js";
import { element, setOptions, setText } from "./dom.js";
import { exact } from "./format.js";
import { cursorLines, cursorTime, gapList, inWords, legend } from "./legend.js";
import { thresholdsOf } from "./model.js";
import { Ranges } from "./ranges.js";

const COLORS = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6"];
const KINDS = ["temperature", "humidity", "light"];
const LEAST_POINTS = 100,
  MOST_POINTS = 1500;
const DAY_MS = 86_400_000,
  DAYS_FROM_MS = 120 * DAY_MS; // of so long a time a point is a day, or its nights make it solid
const LEAST_AGAIN_MS = 5_000,
  MOST_AGAIN_MS = 300_000;

/** About one for each px, and no more than are worth it. Days begin at midnight, so the first and the last are cut. */
function pointsFor(ms, width) {
  const most = ms >= DAYS_FROM_MS ? Math.round(ms / DAY_MS) + 1 : MOST_POINTS;
  return Math.max(LEAST_POINTS, Math.min(most, width));
}

/** Alone, a sensor has the color of its tile. */
const colorOf = (kind) => `--${KINDS.includes(kind) ? kind : "generic"}`;

export class HistoryPanel {
  #loading = null;
  #again = 0;
  #others = [];

  constructor(model, name) {
    this.model = model;
    this.name = name;
    this.ranges = new Ranges(() => this.load());
    this.add = element("select", { "aria-label": "Compare with", onchange: () => this.#compare() });
    this.own = element("input", { type: "checkbox", onchange: () => this.load() });
    this.ownLabel = element("label.check", { hidden: true }, this.own, "own scales");
    this.canvas = element("canvas.chart", {
      tabindex: "0",
      role: "img",
      "aria-label": `Chart of ${name}`,
      "aria-describedby": "chart-words",
    });
    const over = element("canvas.over", { "aria-hidden": "true" });
    this.tip = element("div.tip", { hidden: true });
    this.spoken = element("p.hidden", { role: "status" });
    this.words = element("p.hidden", { id: "chart-words" });
    this.note = element("p.note", { role: "status" });
    this.below = element("div.below");
    this.root = element(
      "section",
      { "aria-label": "History" },
      element("div.tools", {}, this.ranges.root, this.add, this.ownLabel),
      element("div.chartbox", {}, this.canvas, over, this.tip, this.note),
      this.words,
      this.spoken,
      this.below,
    );
    this.chart = new Chart(this.canvas, over, {
      onZoom: (since, until) => this.ranges.zoom(since, until),
      onScale: (factor, about) => this.ranges.scale(factor, about),
      onCursor: (time, x, typed) => this.#cursor(time, x, typed),
    });
    this.choices();
    requestAnimationFrame(() => this.load()); // by then the canvas has a width
  }

  close() {
    clearTimeout(this.#again);
    this.#loading?.abort();
    this.chart.destroy();
  }

  /** Which sensors it can be compared with. */
  choices() {
    const names = [...this.model.sensors.keys()]
      .filter((each) => each !== this.name && !this.#others.includes(each))
      .sort();
    setOptions(this.add, "Compare with…", names);
    this.add.hidden = names.length === 0 || this.#others.length >= COLORS.length - 1;
  }

  /** The time that is shown, from the gateway. A chart that ends now is asked for again after a thousandth of it. */
  async load() {
    clearTimeout(this.#again);
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    let { since, until } = this.ranges.shown,
      points = 0;
    const ask = () => {
      points = pointsFor(until - since, this.canvas.clientWidth);
      const names = [this.name, ...this.#others];
      return Promise.all(names.map((each) => api.history(each, since, until, points, loading.signal)));
    };
    try {
      let found = await ask();
      this.ranges.setFirst(Math.min(...found.map((each) => each.first ?? Infinity)));
      if (this.ranges.shown.since - since > (until - since) / 10) {
        ({ since, until } = this.ranges.shown); // most of it is before there was anything
        found = await ask();
      }
      this.#show(
        {
          since,
          until,
          own: this.own.checked,
          series: found.map((history, index) => this.#series(history, index)),
        },
        points,
      );
    } catch (error) {
      if (error.name === "AbortError") return;
      this.chart.setData({ since, until, series: [] });
      setText(this.note, `No history: ${error.message}`);
      setText(this.words, ""); // of a chart that is not there
    }
    const pause = Math.min(MOST_AGAIN_MS, Math.max(LEAST_AGAIN_MS, (until - since) / 1000));
    if (this.ranges.live) this.#again = setTimeout(() => this.load(), pause);
  }

  #series(history, index) {
    const name = [this.name, ...this.#others][index],
      sensor = this.model.sensors.get(name);
    return {
      ...history,
      name,
      color: this.#others.length ? COLORS[index] : colorOf(sensor?.kind),
      decimals: sensor?.decimals,
      limits: sensor ? thresholdsOf(sensor) : [],
      reading: sensor?.reading,
    };
  }

  #show(data, points) {
    const { series, since, until } = data;
    this.chart.setData(data);
    setText(this.note, this.#whyEmpty(series));
    setText(this.words, inWords(data));
    this.ownLabel.hidden = new Set(series.map((each) => each.unit)).size === series.length;
    const gaps = gapList(data);
    this.below.replaceChildren(
      element(
        "div.scroll.plain",
        {},
        legend(data, api.now(), {
          csvOf: (name) => api.csvAddress(name, since, until, points),
          onRemove: (name) => this.#without(name),
        }),
      ),
      ...(gaps ? [gaps] : []),
    );
  }

  #whyEmpty(series) {
    if (series.some((each) => each.points.length)) return "";
    const first = Math.min(...series.map((each) => each.first ?? Infinity));
    return Number.isFinite(first)
      ? `Nothing was measured in this time. There is history since ${exact(first)}.`
      : "There is no history of this sensor yet: it begins with its next value.";
  }

  #cursor(time, x, typed) {
    const { data } = this.chart;
    this.tip.hidden = time === null || data.series.length === 0;
    if (this.tip.hidden) {
      setText(this.spoken, "");
      return;
    }
    const lines = cursorLines(data, time),
      head = cursorTime(data, time);
    this.tip.replaceChildren(
      element("strong", {}, head),
      ...lines.map(({ color, name, text }) =>
        element(
          "span",
          {},
          element("span.swatch", { "data-color": color }),
          lines.length > 1 ? `${name}: ` : null,
          text,
        ),
      ),
    );
    const room = this.canvas.clientWidth - this.tip.offsetWidth;
    const beside = x > this.canvas.clientWidth / 2 ? x - this.tip.offsetWidth - 14 : x + 14;
    this.tip.style.translate = `${Math.max(0, Math.min(room, beside))}px 0`;
    setText(this.spoken, typed ? [head, ...lines.map(({ name, text }) => `${name} ${text}`)].join(", ") : "");
  }

  #compare() {
    if (!this.add.value) return;
    this.#others.push(this.add.value);
    this.choices();
    this.load();
  }

  #without(name) {
    this.#others = this.#others.filter((each) => each !== name);
    this.choices();
    this.load();
  }
}
