// A chart of one or several sensors on a canvas, and what a pointer or the keyboard does to it. It knows no network
// and no page around it. Gaps are gaps, values hold between points, a band goes from least to greatest.

import { draw, drawCursor, plotOf, xOf } from "./draw.js";
import { scalesOf } from "./series.js";

const LEAST_DRAG = 6; // px: less is a click
const ARROW = 200,
  SHIFTED = 20; // steps of the cursor across the chart

export class Chart {
  #pending = 0;
  #stale = true;
  #drag = null;
  #held = null; // what holds the cursor: the pointer at {x}, or the keyboard at {time}

  /** `over`: a canvas that lies on the first, for what moves with the pointer, so that the rest is not drawn again.
   *  `onZoom(since, until)`: a span was dragged; `onScale(factor, time or null)`: a span so many times as long as the
   *  one that was asked for last was typed; `onCursor(time or null, x, typed)`: where the cursor is, which is told
   *  after each drawing too, since the pointer may rest on another time then. */
  constructor(canvas, over, { onZoom, onScale, onCursor }) {
    this.canvas = canvas;
    this.over = over;
    this.onZoom = onZoom;
    this.onScale = onScale;
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
    this.#stale = true;
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

  #point(held) {
    this.#held = held;
    this.#place();
    this.#soon();
  }

  /** The cursor is at what is under the pointer now, or at the time to which it was moved by keys while that is shown. */
  #place() {
    const { since, until } = this.data,
      typed = this.#held?.time !== undefined;
    if (typed && (this.#held.time < since || this.#held.time > until)) this.#held = null;
    const held = this.#held;
    this.cursor = held && (typed ? held.time : this.#timeAt(held.x));
    this.onCursor(this.cursor, held ? xOf(this.cursor, this.data, this.#plot) : 0, typed);
  }

  #moved(event) {
    if (this.#drag) this.#drag.to = event.offsetX;
    this.#point({ x: event.offsetX });
  }

  #pressed(event) {
    this.#point({ x: event.offsetX });
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
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key],
      factor = { "+": 0.5, "=": 0.5, "-": 2 }[event.key];
    if (!step && !factor) return;
    event.preventDefault();
    if (step) {
      const { since, until } = this.data;
      const way = (step * (until - since)) / (event.shiftKey ? SHIFTED : ARROW);
      this.#point({ time: Math.min(until, Math.max(since, (this.cursor ?? until) + way)) });
    } else {
      this.onScale(factor, this.cursor);
    }
  }

  #show() {
    const { canvas, over, data, scales } = this;
    if (canvas.clientWidth === 0 || canvas.clientHeight === 0) return;
    const style = getComputedStyle(canvas);
    const ink = (name) => style.getPropertyValue(name).trim();
    const plot = this.#plot;
    if (this.#stale) {
      const context = emptied(canvas, canvas);
      context.font = `12px ${style.fontFamily}`;
      draw(context, plot, data, scales, ink);
      this.#stale = false;
      this.#place();
    }
    drawCursor(emptied(over, canvas), plot, data, scales, { cursor: this.cursor, drag: this.#drag }, ink);
  }
}

/** The context of a canvas that covers another, with nothing on it, in px of the page. */
function emptied(canvas, { clientWidth, clientHeight }) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(clientWidth * ratio); // which empties it
  canvas.height = Math.round(clientHeight * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return context;
}
