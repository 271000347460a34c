// A day of a sensor, small: a line over a tint, and gaps, as one SVG.

import { svg } from "./dom.js";

const WIDTH = 240,
  HEIGHT = 48,
  PAD = 3;

/** {points, gaps} as api.history gives them, from `since` to `until` (ms). */
export function sparkline({ points, gaps }, since, until) {
  const drawn = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
    class: "spark",
  });
  const low = Math.min(...points.map((point) => point.min)),
    high = Math.max(...points.map((point) => point.max));
  const x = (time) => ((Math.min(until, Math.max(since, time)) - since) / (until - since)) * WIDTH;
  const y = (value) =>
    high > low ? HEIGHT - PAD - ((value - low) / (high - low)) * (HEIGHT - 2 * PAD) : HEIGHT / 2;
  for (const gap of gaps) {
    const from = x(gap.from);
    drawn.append(
      svg("rect", { x: from, y: 0, width: Math.max(1, x(gap.to) - from), height: HEIGHT, class: "gap" }),
    );
  }
  const runs = runsAt(points, gaps, until).map((run) =>
    run.map(([time, value]) => `${x(time).toFixed(1)} ${y(value).toFixed(1)}`),
  );
  for (const run of runs) {
    const path = `M${run.join("L")}`;
    const [from] = run[0].split(" "),
      [to] = run.at(-1).split(" ");
    drawn.append(
      svg("path", { d: `${path}L${to} ${HEIGHT}L${from} ${HEIGHT}Z`, class: "tint" }),
      svg("path", { d: path, class: "line" }),
    );
  }
  return drawn;
}

/** [[time, value], …] for each stretch without a gap; a single reading holds until the next. */
function runsAt(points, gaps, until) {
  const runs = [];
  let run = [],
    next = 0;
  points.forEach((point, index) => {
    while (next < gaps.length && gaps[next].to <= point.time) next += 1;
    const end = points[index + 1]?.time ?? until;
    const gap = gaps[next] && gaps[next].from < end ? gaps[next] : null;
    run.push([point.time, point.mean]);
    if (point.count <= 1 || gap || index === points.length - 1)
      run.push([gap ? Math.max(point.time, gap.from) : end, point.mean]);
    if (gap) {
      runs.push(run);
      run = [];
    }
  });
  if (run.length) runs.push(run);
  return runs;
}
