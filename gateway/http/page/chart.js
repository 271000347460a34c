// A chart of one or several sensors on a canvas: values that hold between points, a band from least to greatest,
// gaps as gaps. It knows no network and no page around it.
//
// Data: {since, until, series: [{name, unit, color, decimals, points, gaps}]}; times in ms since the epoch.
// A point is {time, value, min, max, mean, count}; a gap is {from, to, reason}. Series of one unit share a scale.

import { tickLabel, timeTicks, valueTicks } from "./ticks.js";

const PAD = { top: 10, bottom: 38 };
const AXIS_WIDTH = 54;
const LEAST_DRAG = 6; // px: less is a click
const MOST_BANDS = 3; // of more series the bands only hide each other

export class Chart {
  /** `onZoom(since, until)` when a span was dragged; `onCursor(time or null)` when the pointer moves. */
  constructor(canvas, { onZoom = () => {}, onCursor = () => {}, locale } = {}) {
    this.canvas = canvas;
    this.locale = locale;
    this.onZoom = onZoom;
    this.onCursor = onCursor;
    this.data = { since: 0, until: 1, series: [] };
    this.cursor = null;
    this.drag = null;
    this.pending = 0;
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(canvas);
    this.listeners = [
      ["pointermove", (event) => this.#moved(event)],
      ["pointerleave", () => this.#point(null)],
      ["pointerdown", (event) => this.#pressed(event)],
      ["pointerup", (event) => this.#released(event)],
      ["pointercancel", () => { this.drag = null; this.redraw(); }],
      ["keydown", (event) => this.#typed(event)],
    ];
    for (const [kind, listener] of this.listeners) canvas.addEventListener(kind, listener);
  }

  destroy() {
    this.observer.disconnect();
    cancelAnimationFrame(this.pending);
    for (const [kind, listener] of this.listeners) this.canvas.removeEventListener(kind, listener);
  }

  setData(data) {
    this.data = data;
    this.scales = scalesOf(data.series);
    this.redraw();
  }

  /** Once, before the next frame, however often it is called. */
  redraw() {
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => this.#draw());
  }

  /** What each series says at a time: [{series, point or null, gap or null}]. */
  at(time) {
    return this.data.series.map((series) => {
      const gap = series.gaps.find((each) => each.from <= time && time < each.to) ?? null;
      const index = lastBefore(series.points, time);
      return { series, gap, point: gap || index < 0 ? null : series.points[index] };
    });
  }

  get #plot() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const scales = this.scales ?? [];
    const left = scales.length ? AXIS_WIDTH * Math.ceil(scales.length / 2) : 8;
    const right = scales.length > 1 ? AXIS_WIDTH * Math.floor(scales.length / 2) : 12;
    return { left, right: width - right, top: PAD.top, bottom: height - PAD.bottom, width, height };
  }

  #x(time, plot) {
    const { since, until } = this.data;
    return plot.left + ((time - since) / (until - since)) * (plot.right - plot.left);
  }

  #time(x) {
    const plot = this.#plot;
    const part = (x - plot.left) / Math.max(1, plot.right - plot.left);
    return this.data.since + Math.min(1, Math.max(0, part)) * (this.data.until - this.data.since);
  }

  #point(time) {
    this.cursor = time;
    this.onCursor(time);
    this.redraw();
  }

  #moved(event) {
    if (this.drag) this.drag.to = event.offsetX;
    this.#point(this.#time(event.offsetX));
  }

  #pressed(event) {
    if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls the page
    this.canvas.setPointerCapture(event.pointerId);
    this.drag = { from: event.offsetX, to: event.offsetX };
  }

  #released() {
    const drag = this.drag;
    this.drag = null;
    this.redraw();
    if (drag && Math.abs(drag.to - drag.from) >= LEAST_DRAG) {
      const [since, until] = [this.#time(drag.from), this.#time(drag.to)].sort((a, b) => a - b);
      this.onZoom(since, until);
    }
  }

  /** Arrows move the cursor from point to point; + and - zoom about it. */
  #typed(event) {
    const { since, until } = this.data;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      event.preventDefault();
      const span = (until - since) / (event.shiftKey ? 20 : 200);
      this.#point(Math.min(until, Math.max(since, (this.cursor ?? until) + step * span)));
      return;
    }
    const factor = { "+": 0.5, "=": 0.5, "-": 2 }[event.key];
    if (factor) {
      event.preventDefault();
      const middle = this.cursor ?? (since + until) / 2;
      this.onZoom(middle - (middle - since) * factor, middle + (until - middle) * factor);
    }
  }

  #draw() {
    const { canvas } = this;
    const plot = this.#plot;
    if (plot.width <= 0 || plot.height <= 0) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(plot.width * ratio);
    canvas.height = Math.round(plot.height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const style = getComputedStyle(canvas);
    const ink = (name) => style.getPropertyValue(name).trim();
    context.font = `12px ${style.fontFamily}`;
    this.#drawTimes(context, plot, ink);
    (this.scales ?? []).forEach((scale, index) => this.#drawScale(context, plot, ink, scale, index));
    context.save();
    context.beginPath();
    context.rect(plot.left, plot.top - 4, plot.right - plot.left, plot.bottom - plot.top + 8);
    context.clip();
    if (this.data.series.length === 1) this.#drawGaps(context, plot, ink, this.data.series[0]);
    for (const scale of this.scales ?? []) {
      for (const series of scale.series) this.#drawSeries(context, plot, ink, series, scale);
    }
    this.#drawCursor(context, plot, ink);
    context.restore();
  }

  #drawTimes(context, plot, ink) {
    const { since, until } = this.data;
    const { times, step } = timeTicks(since, until, Math.max(2, (plot.right - plot.left) / 90));
    context.textAlign = "center";
    context.textBaseline = "top";
    let before;
    for (const time of times) {
      const x = Math.round(this.#x(time, plot)) + 0.5;
      line(context, ink("--line"), x, plot.top, x, plot.bottom);
      const [upper, lower] = tickLabel(time, before, step, this.locale);
      context.fillStyle = ink("--muted");
      context.fillText(upper, x, plot.bottom + 6);
      context.fillText(lower, x, plot.bottom + 21);
      before = time;
    }
  }

  #drawScale(context, plot, ink, scale, index) {
    const { low, high } = scale;
    const { values, decimals } = valueTicks(low, high, Math.max(2, (plot.bottom - plot.top) / 48));
    const onLeft = index % 2 === 0;
    const x = onLeft
      ? plot.left - AXIS_WIDTH * (index / 2) - 6
      : plot.right + AXIS_WIDTH * ((index - 1) / 2) + 6;
    const number = new Intl.NumberFormat(this.locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    context.textAlign = onLeft ? "right" : "left";
    context.textBaseline = "middle";
    context.fillStyle = this.scales.length > 1 && scale.series.length === 1 ? ink(scale.series[0].color) : ink("--muted");
    values.forEach((value) => {
      const y = Math.round(scaled(value, scale, plot)) + 0.5;
      if (index === 0) line(context, ink("--line"), plot.left, y, plot.right, y);
      context.fillText(number.format(value), x, y);
    });
    if (scale.unit) context.fillText(scale.unit, x, plot.bottom + 14);
  }

  #drawGaps(context, plot, ink, series) {
    context.fillStyle = ink("--gap");
    for (const gap of series.gaps) {
      const from = this.#x(gap.from, plot);
      context.fillRect(from, plot.top, Math.max(1, this.#x(gap.to, plot) - from), plot.bottom - plot.top);
    }
  }

  #drawSeries(context, plot, ink, series, scale) {
    const runs = runsOf(series, this.data.until);
    const color = ink(series.color);
    const y = (value) => scaled(value, scale, plot);
    if (this.data.series.length <= MOST_BANDS) {
      context.globalAlpha = 0.22;
      context.fillStyle = color;
      for (const run of runs) {
        context.beginPath();
        run.forEach(({ from, to, point }) => {
          const left = this.#x(from, plot), top = y(point.max), bottom = y(point.min);
          if (bottom - top >= 1) context.rect(left, top, Math.max(1, this.#x(to, plot) - left), bottom - top);
        });
        context.fill();
      }
      context.globalAlpha = 1;
    }
    context.strokeStyle = color;
    context.lineWidth = 1.75;
    context.lineJoin = "round";
    for (const run of runs) {
      context.beginPath();
      run.forEach(({ from, to, point }, index) => {
        const height = y(point.mean), left = this.#x(from, plot);
        if (index === 0) context.moveTo(left, height);
        else context.lineTo(left, height);
        if (point.count <= 1 || index === run.length - 1) context.lineTo(this.#x(to, plot), height);
      });
      context.stroke();
    }
  }

  #drawCursor(context, plot, ink) {
    if (this.drag) {
      context.fillStyle = ink("--select");
      context.fillRect(Math.min(this.drag.from, this.drag.to), plot.top, Math.abs(this.drag.to - this.drag.from), plot.bottom - plot.top);
    }
    if (this.cursor === null || this.cursor < this.data.since || this.cursor > this.data.until) return;
    const x = Math.round(this.#x(this.cursor, plot)) + 0.5;
    line(context, ink("--text"), x, plot.top, x, plot.bottom);
    for (const { series, point } of this.at(this.cursor)) {
      if (!point) continue;
      const scale = this.scales.find((each) => each.series.includes(series));
      context.fillStyle = ink(series.color);
      context.beginPath();
      context.arc(x, scaled(point.mean, scale, plot), 3.5, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

function line(context, color, x1, y1, x2, y2) {
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function scaled(value, { low, high }, plot) {
  return plot.bottom - ((value - low) / (high - low)) * (plot.bottom - plot.top);
}

/** One scale for each unit, a little wider than what is on it. */
function scalesOf(series) {
  const scales = new Map();
  for (const one of series) {
    const scale = scales.get(one.unit) ?? { unit: one.unit, series: [], low: Infinity, high: -Infinity };
    scale.series.push(one);
    for (const point of one.points) {
      if (point.min < scale.low) scale.low = point.min;
      if (point.max > scale.high) scale.high = point.max;
    }
    scales.set(one.unit, scale);
  }
  for (const scale of scales.values()) {
    if (scale.low > scale.high) [scale.low, scale.high] = [0, 1];
    const room = (scale.high - scale.low) * 0.06 || Math.max(0.5, Math.abs(scale.high) * 0.01);
    scale.low -= room;
    scale.high += room;
  }
  return [...scales.values()];
}

/** The stretches without a gap: [[{from, to, point}]]; each point holds until the next, a gap, or the end. */
function runsOf({ points, gaps }, until) {
  const runs = [];
  let run = [], next = 0;
  points.forEach((point, index) => {
    while (next < gaps.length && gaps[next].to <= point.time) next += 1;
    const end = index + 1 < points.length ? points[index + 1].time : until;
    const gap = gaps[next];
    const cut = gap !== undefined && gap.from < end;
    run.push({ from: point.time, to: cut ? Math.max(point.time, gap.from) : end, point });
    if (cut) {
      runs.push(run);
      run = [];
    }
  });
  if (run.length) runs.push(run);
  return runs;
}

/** The index of the last point that is not after the time; -1 for none. */
function lastBefore(points, time) {
  let low = 0, high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].time <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
