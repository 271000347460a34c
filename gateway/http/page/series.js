// What a chart's series are made of. Pure: no canvas, no page.
//
// A series is {name, unit, color, decimals, limits, points, gaps}. A point is {time, value, min, max, mean, count}:
// one reading that holds until the next (count 1), or a bucket of several. A gap is {from, to, reason}. Times in ms.

const ROOM = 0.06; // of a scale, above and below what is on it

/** One scale for each unit, or for each series: [{unit, series, low, high}]. */
export function scalesOf(series, { own = false } = {}) {
  const scales = new Map();
  series.forEach((one, index) => {
    const key = own ? index : one.unit;
    const scale = scales.get(key) ?? { unit: one.unit, series: [], low: Infinity, high: -Infinity };
    scale.series.push(one);
    for (const point of one.points) {
      if (point.min < scale.low) scale.low = point.min;
      if (point.max > scale.high) scale.high = point.max;
    }
    scales.set(key, scale);
  });
  for (const scale of scales.values()) {
    if (scale.low > scale.high) [scale.low, scale.high] = [0, 1];
    const room = (scale.high - scale.low) * ROOM || Math.max(0.5, Math.abs(scale.high) * 0.01);
    scale.low -= room;
    scale.high += room;
  }
  return [...scales.values()];
}

/** The stretches without a gap: [[{from, to, point}]]; each point holds until the next, a gap, or the end. */
export function runsOf({ points, gaps }, until) {
  const runs = [];
  let run = [],
    next = 0;
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

/** What a series says at a time: {point, gap, to}: one of the first two at most is not null; `to`: when the next point
 *  begins, undefined for the last. */
export function at(series, time) {
  const gap = series.gaps.find((each) => each.from <= time && time < each.to) ?? null;
  const index = lastBefore(series.points, time);
  return { gap, point: gap || index < 0 ? null : series.points[index], to: series.points[index + 1]?.time };
}

/** The index of the last point that is not after the time; -1 for none. */
function lastBefore(points, time) {
  let low = 0,
    high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].time <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** {low, high, mean, missing}: the points with the least and the greatest value, the mean by time over what is known,
 *  and how long nothing is known within since and until (ms); null without points. */
export function summaryOf({ points, gaps }, since, until) {
  if (!points.length) return null;
  let low = points[0],
    high = points[0],
    sum = 0,
    held = 0;
  for (const point of points) {
    if (point.min < low.min) low = point;
    if (point.max > high.max) high = point;
  }
  for (const run of runsOf({ points, gaps }, until)) {
    for (const { from, to, point } of run) {
      sum += point.mean * (to - from);
      held += to - from;
    }
  }
  const missing = gaps.reduce(
    (all, gap) => all + Math.max(0, Math.min(until, gap.to) - Math.max(since, gap.from)),
    0,
  );
  return { low, high, mean: held > 0 ? sum / held : points[0].mean, missing };
}
