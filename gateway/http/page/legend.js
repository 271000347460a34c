// What a chart says in words: its series with their least, greatest, mean and gaps; what is at the cursor; its gaps.

import { element } from "./dom.js";
import { age, count, exact, quantity, span, when } from "./format.js";
import { at, summaryOf } from "./series.js";

const MOST_GAPS = 8;

/** How a mean is written: it may fall between two values. */
const meanOf = ({ unit, decimals }, mean) => quantity(mean, unit, Math.min(6, (decimals ?? 1) + 1));

/** One row for each series. `onRemove(name)`: take one that was added out again. */
export function legend(data, now, onRemove) {
  const head = ["", "Least", "Mean", "Greatest", "Last", "Nothing known"];
  return element("table.legend", {},
    element("thead", {}, element("tr", {}, ...head.map((each, index) =>
      element("th", { scope: "col" }, index === 0 ? element("span.hidden", {}, "Sensor") : each)))),
    element("tbody", {}, ...data.series.map((series, index) => row(series, data, now, index === 0 ? null : onRemove))));
}

function row(series, { since, until }, now, onRemove) {
  const found = summaryOf(series, since, until);
  const { unit, decimals } = series;
  const cell = (label, text, detail) => element("td", { "data-label": label }, text, detail ? element("small", {}, detail) : null);
  const cells = found
    ? [
        cell("Least", quantity(found.low.min, unit, decimals), when(found.low.time, now)),
        cell("Mean", meanOf(series, found.mean)),
        cell("Greatest", quantity(found.high.max, unit, decimals), when(found.high.time, now)),
        cell("Last", quantity(found.last.value, unit, decimals), `${when(found.last.time, now)}, ${age((now - found.last.time) / 1000)} ago`),
        cell("Nothing known", found.missing ? span(found.missing / 1000) : "–", found.missing ? count(series.gaps.length, "gap") : null),
      ]
    : [element("td", { colspan: 5 }, "nothing in this time")];
  const remove = onRemove && element("button.plain", {
    type: "button", "aria-label": `Without ${series.name}`, title: "Take it out", onclick: () => onRemove(series.name),
  }, "×");
  return element("tr", {},
    element("th", { scope: "row" }, element("span.swatch", { "data-color": series.color }), series.name, remove), ...cells);
}

/** The lines of the small window at the cursor, and of what a screen reader hears: [{color, name, text}]. */
export function cursorLines(data, time) {
  return data.series.map((series) => {
    const { point, gap } = at(series, Math.min(time, data.until - 1));
    return { color: series.color, name: series.name, text: gap ? gap.reason : point ? described(series, point) : "nothing known" };
  });
}

function described(series, point) {
  const { unit, decimals } = series;
  if (point.count <= 1) return quantity(point.value, unit, decimals);
  return `${meanOf(series, point.mean)} (${quantity(point.min, "", decimals)} to ${quantity(point.max, "", decimals)}, ${count(point.count, "value")})`;
}

/** The time that the cursor's values are of. */
export function cursorTime(data, time) {
  const { point } = at(data.series[0], Math.min(time, data.until - 1));
  return exact(point && point.count <= 1 ? point.time : time);
}

/** A sentence for who cannot see the chart. */
export function inWords(data) {
  const words = data.series.map((series) => {
    const found = summaryOf(series, data.since, data.until);
    if (!found) return `${series.name}: nothing in this time`;
    const { unit, decimals } = series;
    const missing = found.missing ? `, ${count(series.gaps.length, "gap")} of ${span(found.missing / 1000)} in all` : ", no gaps";
    return `${series.name}: least ${quantity(found.low.min, unit, decimals)}, greatest ${quantity(found.high.max, unit, decimals)}, last ${quantity(found.last.value, unit, decimals)} at ${exact(found.last.time)}${missing}`;
  });
  return `Chart from ${exact(data.since)} to ${exact(data.until)}. ${words.join(". ")}. Arrow keys move along it, plus and minus zoom.`;
}

/** The gaps of the first series as a list, newest first; null where there are none. */
export function gapList({ series: [{ gaps }], until, live }) {
  if (!gaps.length) return null;
  const last = gaps.slice(-MOST_GAPS).reverse();
  const more = gaps.length > last.length ? ` (the last ${last.length} of ${gaps.length})` : "";
  return element("section.gaps", {},
    element("h2", {}, `Gaps in this time${more}`),
    element("ul", {}, ...last.map((gap) => {
      const lasts = live && gap.to >= until;
      return element(lasts ? "li.lasts" : "li", {},
        element("span", {}, `${exact(gap.from)} `), element("strong", {}, `${lasts ? "for " : ""}${span((gap.to - gap.from) / 1000)}`), ` ${gap.reason}`);
    })));
}
