// A day of a sensor, small: a line, a band and gaps, as one SVG that is drawn once a minute.

const NS = "http://www.w3.org/2000/svg";
const WIDTH = 240, HEIGHT = 44, PAD = 2;

export function sparkline({ points, gaps }, since, until) {
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "spark");
  if (!points.length) return svg;
  const low = Math.min(...points.map((point) => point.min)), high = Math.max(...points.map((point) => point.max));
  const x = (time) => ((Math.max(since, time) - since) / (until - since)) * WIDTH;
  const y = (value) => (high > low ? HEIGHT - PAD - ((value - low) / (high - low)) * (HEIGHT - 2 * PAD) : HEIGHT / 2);
  let path = "", next = 0, open = false;
  points.forEach((point, index) => {
    while (next < gaps.length && gaps[next].to <= point.time) next += 1;
    const end = points[index + 1]?.time ?? until;
    const gap = gaps[next] && gaps[next].from < end ? gaps[next] : null;
    const height = y(point.mean).toFixed(1);
    path += `${open ? "L" : "M"}${x(point.time).toFixed(1)} ${height}`;
    if (point.count <= 1 || gap || index === points.length - 1) path += `H${x(gap ? Math.max(point.time, gap.from) : end).toFixed(1)}`;
    open = !gap;
  });
  for (const gap of gaps) {
    const shade = document.createElementNS(NS, "rect");
    const from = x(gap.from);
    Object.entries({ x: from, y: 0, width: Math.max(1, x(gap.to) - from), height: HEIGHT, class: "gap" })
      .forEach(([key, value]) => shade.setAttribute(key, value));
    svg.append(shade);
  }
  const drawn = document.createElementNS(NS, "path");
  drawn.setAttribute("d", path);
  svg.append(drawn);
  return svg;
}
