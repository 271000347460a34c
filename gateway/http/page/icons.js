// A sign for each kind of sensor, drawn as lines of 24 by 24.

import { svg } from "./dom.js";

const PATHS = {
  temperature: "M14 14.5V5a2 2 0 0 0-4 0v9.5a4 4 0 1 0 4 0zM12 9v7.5",
  humidity: "M12 3.5s6 6.4 6 10.8a6 6 0 0 1-12 0C6 9.9 12 3.5 12 3.5zM9 14.5a3 3 0 0 0 3 3",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  generic: "M4 16a8 8 0 1 1 16 0M12 16l3.5-5M4 19.5h16",
};

export function icon(kind) {
  const path = svg("path", { d: PATHS[kind] ?? PATHS.generic });
  return svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "kind" }, path);
}
