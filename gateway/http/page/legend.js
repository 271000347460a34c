// What a chart says in words: its series with their least, greatest, mean and gaps; what is at the cursor; its gaps.

import { element } from "./dom.js";
import { count, exact, quantity, span, when } from "./format.js";
import { at, summaryOf } from "./series.js";

const MOST_GAPS = 8;

/** How a mean is written: it may fall between two values. */
const meanOf = ({ unit, decimals }, mean) => quantity(mean, unit, Math.min(6, (decimals ?? 1) + 1));

/** One row for each series. `csvOf(name)`: where its CSV is; `onRemove(name)`: take one that was added out again. */
export function legend(data, now, { csvOf, onRemove }) {
  const head = ["Least", "Mean", "Greatest", "Newest", "Nothing known"];
  const hidden = (text) => element("th", { scope: "col" }, element("span.hidden", {}, text));
  return element(
    "table.legend",
    {},
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        hidden("Sensor"),
        ...head.map((each) => element("th", { scope: "col" }, each)),
        hidden("Export"),
      ),
    ),
    element(
      "tbody",
      {},
      ...data.series.map((series, index) =>
        element(
          "tr",
          {},
          nameOf(series, index === 0 ? null : onRemove),
          ...cellsOf(series, data, now),
          csvCell(series.name, csvOf),
        ),
      ),
    ),
  );
}

function nameOf({ name, color }, onRemove) {
  const remove =
    onRemove &&
    element(
      "button.plain",
      {
        type: "button",
        "aria-label": `Without ${name}`,
        title: "Take it out",
        onclick: () => onRemove(name),
      },
      "×",
    );
  return element("th", { scope: "row" }, element("span.swatch", { "data-color": color }), name, remove);
}

function csvCell(name, csvOf) {
  const title = "Exactly what the chart shows";
  return element(
    "td.csv",
    {},
    element(
      "a.button",
      { href: csvOf(name), download: `${name}.csv`, title },
      "CSV",
      element("span.hidden", {}, ` of ${name}`),
    ),
  );
}

function cellsOf(series, { since, until }, now) {
  const found = summaryOf(series, since, until),
    { unit, decimals, reading } = series;
  const cell = (label, text, detail) =>
    element("td", { "data-label": label }, text, detail ? element("small", {}, detail) : null);
  const newest = reading
    ? cell("Newest", quantity(reading.value, reading.unit, decimals), when(Date.parse(reading.time), now))
    : cell("Newest", "–");
  const missing = found?.missing ?? 0;
  return [
    found
      ? cell("Least", quantity(found.low.min, unit, decimals), when(found.low.time, now))
      : cell("Least", "–"),
    found ? cell("Mean", meanOf(series, found.mean)) : cell("Mean", "–"),
    found
      ? cell("Greatest", quantity(found.high.max, unit, decimals), when(found.high.time, now))
      : cell("Greatest", "–"),
    newest,
    cell(
      "Nothing known",
      missing ? span(missing / 1000) : "–",
      missing ? count(series.gaps.length, "gap") : null,
    ),
  ];
}

/** The lines of the small window at the cursor, and of what a screen reader hears: [{color, name, text}]. */
export function cursorLines(data, time) {
  return data.series.map((series) => {
    const { point, gap } = at(series, Math.min(time, data.until - 1));
    return {
      color: series.color,
      name: series.name,
      text: gap ? gap.reason : point ? described(series, point, data.series.length === 1) : "nothing known",
    };
  });
}

function described(series, point, alone) {
  const { unit, decimals } = series;
  if (point.count <= 1) return quantity(point.value, unit, decimals);
  return `${meanOf(series, point.mean)} (${quantity(point.min, "", decimals)} to ${quantity(point.max, "", decimals)}${alone ? `, ${count(point.count, "value")}` : ""})`;
}

/** When the first series' value at the cursor was measured, or from when to when several were. */
export function cursorTime(data, time) {
  const { point, to } = at(data.series[0], Math.min(time, data.until - 1));
  if (!point) return exact(time);
  return point.count <= 1
    ? exact(point.time)
    : `${exact(point.time)} to ${when(to ?? data.until, point.time)}`;
}

/** A sentence for who cannot see the chart. */
export function inWords(data) {
  const words = data.series.map((series) => {
    const found = summaryOf(series, data.since, data.until);
    if (!found) return `${series.name}: nothing in this time`;
    const { unit, decimals, reading } = series;
    const newest = reading
      ? `, newest ${quantity(reading.value, reading.unit, decimals)} of ${exact(Date.parse(reading.time))}`
      : "";
    const missing = found.missing
      ? `, ${count(series.gaps.length, "gap")} of ${span(found.missing / 1000)} in all`
      : ", no gaps";
    return `${series.name}: least ${quantity(found.low.min, unit, decimals)}, greatest ${quantity(found.high.max, unit, decimals)}${newest}${missing}`;
  });
  return `Chart from ${exact(data.since)} to ${exact(data.until)}. ${words.join(". ")}. Arrow keys move along it, plus and minus zoom.`;
}

/** The gaps of the first series as a list, newest first; null where there are none. */
export function gapList({ series: [{ gaps }] }) {
  if (!gaps.length) return null;
  const last = gaps.slice(-MOST_GAPS).reverse();
  const more = gaps.length > last.length ? ` (the last ${last.length} of ${gaps.length})` : "";
  return element(
    "section.gaps",
    {},
    element("h2", {}, `Gaps in this time${more}`),
    element(
      "ul",
      {},
      ...last.map((gap) =>
        element(
          gap.lasts ? "li.lasts" : "li",
          {},
          element("span", {}, `${exact(gap.from)} `),
          element("strong", {}, `${gap.lasts ? "for " : ""}${span((gap.to - gap.from) / 1000)}`),
          ` ${gap.reason}`,
        ),
      ),
    ),
  );
}
