// How a chart looks: axes, gaps, bands, lines, the cursor. It knows no events and keeps nothing.

import { date, number } from "./format.js";
import { at, runsOf } from "./series.js";
import { tickLabel, timeTicks, valueTicks } from "./ticks.js";

const TOP = 30,
  BOTTOM = 42; // px: a line for the units, two for the times
const AXIS_WIDTH = 52;
const FEW_SCALES = 2,
  NARROW = 600; // px: of more scales a phone has no room for the numbers
const MOST_BANDS = 3; // of more series the bands only hide each other
const GAP_TEXT = 60; // px: in a narrower gap there is no room for why it is one
const TIME_LABEL = 76,
  VALUE_LABEL = 46; // px from one to the next

/** Where in a canvas of that size what is drawn is: {left, right, top, bottom}. */
export function plotOf(width, height, scales) {
  const axes = Math.min(scales.length, width < NARROW ? FEW_SCALES : Infinity);
  const left = AXIS_WIDTH * Math.max(1, Math.ceil(axes / 2)),
    right = axes > 1 ? AXIS_WIDTH * Math.floor(axes / 2) : 14;
  return { left, right: width - right, top: TOP, bottom: height - BOTTOM, width, axes };
}

export const xOf = (time, { since, until }, plot) =>
  plot.left + ((time - since) / (until - since)) * (plot.right - plot.left);
const yOf = (value, { low, high }, plot) =>
  plot.bottom - ((value - low) / (high - low)) * (plot.bottom - plot.top);

/** All of it. `data` as Chart.setData has it; `ink(name)` is a color of the style. */
export function draw(context, plot, data, scales, ink) {
  drawTimes(context, plot, data, ink);
  scales
    .slice(0, plot.axes)
    .forEach((scale, index) => drawScale(context, plot, scale, index, scales.length > 1, ink));
  clipped(context, plot, () => {
    if (data.series.length === 1) {
      drawGaps(context, plot, data, ink);
      drawLimits(context, plot, data.series[0], scales[0], ink);
    }
    for (const scale of scales) {
      for (const series of scale.series) drawSeries(context, plot, data, series, scale, ink);
    }
  });
}

/** What moves with the pointer. `drag`: {from, to} in px, or null. */
export function drawCursor(context, plot, data, scales, { cursor, drag }, ink) {
  if (drag) {
    const left = Math.max(plot.left, Math.min(drag.from, drag.to)),
      right = Math.min(plot.right, Math.max(drag.from, drag.to));
    context.fillStyle = ink("--select");
    context.fillRect(left, plot.top, right - left, plot.bottom - plot.top);
  }
  if (cursor === null || cursor < data.since || cursor > data.until) return;
  const x = Math.round(xOf(cursor, data, plot)) + 0.5;
  line(context, ink("--muted"), x, plot.top, x, plot.bottom);
  for (const scale of scales) {
    for (const series of scale.series) {
      const { point } = at(series, cursor);
      if (!point) continue;
      context.beginPath();
      context.arc(x, yOf(point.mean, scale, plot), 4.5, 0, 2 * Math.PI);
      context.fillStyle = ink(series.color);
      context.strokeStyle = ink("--card");
      context.lineWidth = 2;
      context.fill();
      context.stroke();
    }
  }
}

function clipped(context, plot, inner) {
  context.save();
  context.beginPath();
  context.rect(plot.left, plot.top - 4, plot.right - plot.left, plot.bottom - plot.top + 8);
  context.clip();
  inner();
  context.restore();
}

function drawTimes(context, plot, data, ink) {
  const most = Math.max(2, (plot.right - plot.left) / TIME_LABEL);
  const { times, step } = timeTicks(data.since, data.until, most);
  context.textAlign = "center";
  context.textBaseline = "top";
  let before;
  for (const time of times) {
    const x = Math.round(xOf(time, data, plot)) + 0.5;
    line(context, ink("--line"), x, plot.top, x, plot.bottom);
    const [upper, lower] = tickLabel(time, before, step, date);
    context.fillStyle = ink("--muted");
    within(context, upper, x, plot.bottom + 8, plot.width);
    within(context, lower, x, plot.bottom + 23, plot.width);
    before = time;
  }
}

/** A text about x, or as near to it as the canvas lets it be. */
function within(context, text, x, y, width) {
  const half = context.measureText(text).width / 2 + 2;
  context.fillText(text, Math.min(width - half, Math.max(half, x)), y);
}

function drawScale(context, plot, scale, index, colored, ink) {
  const { values, decimals } = valueTicks(
    scale.low,
    scale.high,
    Math.max(2, (plot.bottom - plot.top) / VALUE_LABEL),
  );
  const onLeft = index % 2 === 0,
    away = AXIS_WIDTH * Math.floor(index / 2) + 8;
  const x = onLeft ? plot.left - away : plot.right + away;
  context.textAlign = onLeft ? "right" : "left";
  context.textBaseline = "middle";
  context.fillStyle = ink(colored && scale.series.length === 1 ? scale.series[0].color : "--muted");
  if (scale.unit) context.fillText(scale.unit, x, plot.top - 17);
  for (const value of values) {
    const y = Math.round(yOf(value, scale, plot)) + 0.5;
    if (index === 0) line(context, ink("--line"), plot.left, y, plot.right, y);
    context.fillText(number(value, decimals), x, y);
  }
}

function drawGaps(context, plot, data, ink) {
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const { from, to, reason } of data.series[0].gaps) {
    const left = Math.max(plot.left, xOf(from, data, plot)),
      right = Math.min(plot.right, xOf(to, data, plot));
    context.fillStyle = ink("--gap");
    context.fillRect(left, plot.top, Math.max(1, right - left), plot.bottom - plot.top);
    if (right - left < GAP_TEXT) continue;
    context.fillStyle = ink("--muted");
    context.fillText(shortened(context, reason, right - left - 12), (left + right) / 2, plot.top + 8);
  }
}

function shortened(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let kept = text;
  while (kept && context.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
  return `${kept}…`;
}

function drawLimits(context, plot, series, scale, ink) {
  context.save();
  context.setLineDash([5, 5]);
  context.textAlign = "right";
  context.textBaseline = "bottom";
  for (const { event, limit } of series.limits ?? []) {
    if (limit <= scale.low || limit >= scale.high) continue;
    const y = Math.round(yOf(limit, scale, plot)) + 0.5;
    line(context, ink("--warn"), plot.left, y, plot.right, y);
    context.fillStyle = ink("--warn");
    context.fillText(event, plot.right - 6, y - 2);
  }
  context.restore();
}

function drawSeries(context, plot, data, series, scale, ink) {
  const runs = runsOf(series, data.until);
  const color = ink(series.color);
  const x = (time) => xOf(time, data, plot),
    y = (value) => yOf(value, scale, plot);
  context.fillStyle = color;
  if (data.series.length === 1) {
    context.globalAlpha = 0.08;
    for (const run of runs) {
      trace(context, run, x, y);
      context.lineTo(x(run.at(-1).to), plot.bottom);
      context.lineTo(x(run[0].from), plot.bottom);
      context.fill();
    }
  }
  if (data.series.length <= MOST_BANDS) {
    context.globalAlpha = 0.24;
    for (const run of runs) drawBand(context, run, x, y);
  }
  context.globalAlpha = 1;
  context.strokeStyle = color;
  context.lineWidth = 1.75;
  context.lineJoin = "bevel";
  for (const run of runs) {
    trace(context, run, x, y);
    context.stroke();
  }
}

function drawBand(context, run, x, y) {
  context.beginPath();
  for (const { from, to, point } of run) {
    const left = x(from),
      top = y(point.max),
      bottom = y(point.min);
    if (bottom - top >= 1) context.rect(left, top, Math.max(1, x(to) - left), bottom - top);
  }
  context.fill();
}

/** A single reading is a step, a bucket a point on the line. */
function trace(context, run, x, y) {
  context.beginPath();
  run.forEach(({ from, to, point }, index) => {
    const height = y(point.mean),
      left = x(from);
    if (index === 0) context.moveTo(left, height);
    else context.lineTo(left, height);
    if (point.count <= 1 || index === run.length - 1) context.lineTo(x(to), height);
  });
}

function line(context, color, x1, y1, x2, y2) {
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
