// A chart of one or several sensors on a canvas, and what a pointer or the keyboard does to it. It knows no network
// and no page around it. Gaps are gaps, values hold between points, a band goes from least to greatest.

import { draw, drawCursor, plotOf, xOf } from "./draw.js";
import { scalesOf } from "./series.js";

const LEAST_DRAG = 6; // px: less is a click
const ARROW = 200,
  SHIFTED = 20; // steps of the cursor across the chart

export class Chart {
  #pending = 0;
  #drag = null;
  #picture = document.createElement("canvas"); // what does not move with the cursor

  /** `onZoom(since, until)`: a span was dragged, or typed; `onCursor(time or null, x, typed)`: where the cursor is. */
  constructor(canvas, { onZoom, onCursor }) {
    this.canvas = canvas;
    this.onZoom = onZoom;
    this.onCursor = onCursor;
    this.data = { since: 0, until: 1, series: [] };
    this.scales = [];
    this.cursor = null;
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(canvas);
    const listeners = {
      pointermove: (event) => this.#moved(event),
      pointerleave: () => this.#point(null),
      pointerdown: (event) => this.#pressed(event),
      pointerup: () => this.#released(),
      pointercancel: () => {
        this.#drag = null;
        this.#point(null);
      },
      keydown: (event) => this.#typed(event),
      blur: () => this.#point(null),
    };
    for (const [kind, listener] of Object.entries(listeners)) canvas.addEventListener(kind, listener);
  }

  /** The canvas is not to be used for another. */
  destroy() {
    this.observer.disconnect();
    cancelAnimationFrame(this.#pending);
  }

  /** {since, until, series, own}: times in ms, series as series.js has them; `own`: each has its own scale. */
  setData(data) {
    this.data = data;
    this.scales = scalesOf(data.series, data);
    this.redraw();
  }

  /** All of it: once, before the next frame, however often it is called. */
  redraw() {
    this.stale = true;
    this.#soon();
  }

  #soon() {
    cancelAnimationFrame(this.#pending);
    this.#pending = requestAnimationFrame(() => this.#show());
  }

  get #plot() {
    return plotOf(this.canvas.clientWidth, this.canvas.clientHeight, this.scales);
  }

  #timeAt(x) {
    const plot = this.#plot,
      { since, until } = this.data;
    const part = (x - plot.left) / Math.max(1, plot.right - plot.left);
    return since + Math.min(1, Math.max(0, part)) * (until - since);
  }

  #point(time, typed = false) {
    this.cursor = time;
    this.onCursor(time, time === null ? 0 : xOf(time, this.data, this.#plot), typed);
    this.#soon();
  }

  #moved(event) {
    if (this.#drag) this.#drag.to = event.offsetX;
    this.#point(this.#timeAt(event.offsetX));
  }

  #pressed(event) {
    this.#point(this.#timeAt(event.offsetX));
    if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls, and moves the cursor
    this.canvas.setPointerCapture(event.pointerId);
    this.#drag = { from: event.offsetX, to: event.offsetX };
  }

  #released() {
    const drag = this.#drag;
    this.#drag = null;
    this.#soon();
    if (!drag || Math.abs(drag.to - drag.from) < LEAST_DRAG) return;
    const [since, until] = [this.#timeAt(drag.from), this.#timeAt(drag.to)].sort((a, b) => a - b);
    this.onZoom(since, until);
  }

  /** Arrows move the cursor; + and - zoom about it. */
  #typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
    const { since, until } = this.data;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key],
      factor = { "+": 0.5, "=": 0.5, "-": 2 }[event.key];
    if (!step && !factor) return;
    event.preventDefault();
    if (step) {
      const way = (step * (until - since)) / (event.shiftKey ? SHIFTED : ARROW);
      this.#point(Math.min(until, Math.max(since, (this.cursor ?? until) + way)), true);
    } else {
      const middle = this.cursor ?? (since + until) / 2;
      this.onZoom(middle - (middle - since) * factor, middle + (until - middle) * factor);
    }
  }

  /** The picture anew only where it has changed: a pointer moves often, and a year is many points. */
  #show() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio),
      height = Math.round(canvas.clientHeight * ratio);
    if (width === 0 || height === 0) return;
    const style = getComputedStyle(canvas);
    const ink = (name) => style.getPropertyValue(name).trim();
    const plot = this.#plot;
    if (this.stale) {
      const context = fresh(this.#picture, width, height, ratio);
      context.font = `12px ${style.fontFamily}`;
      draw(context, plot, this.data, this.scales, ink);
      this.stale = false;
    }
    const context = fresh(canvas, width, height, 1);
    context.drawImage(this.#picture, 0, 0);
    context.scale(ratio, ratio);
    drawCursor(context, plot, this.data, this.scales, { cursor: this.cursor, drag: this.#drag }, ink);
  }
}

function fresh(canvas, width, height, ratio) {
  canvas.width = width; // which empties it
  canvas.height = height;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return context;
}
