// One line above the tiles: whether all is well, and where not.

import { element } from "./dom.js";
import { count } from "./format.js";
import { stateOf } from "./model.js";

export class Overview {
  #said = "";

  constructor(model) {
    this.model = model;
    this.root = element("ul.overview", { "aria-label": "Overview" });
  }

  update() {
    const chips = [...ofSensors(this.model.sensors), ...ofGateway(this.model.gateway)];
    const said = JSON.stringify(chips);
    if (said === this.#said) return;
    this.#said = said;
    this.root.replaceChildren(
      ...chips.map(({ status, text, href, title }) =>
        element(
          "li",
          {},
          href
            ? element("a.chip", { href, title, "data-status": status }, text)
            : element("span.chip", { "data-status": status }, text),
        ),
      ),
    );
  }
}

/** [{status, text}]: `status` as health has it. */
function ofSensors(sensors) {
  const states = [...sensors.values()].map((sensor) => stateOf(sensor).state);
  const of = (...which) => states.filter((state) => which.includes(state)).length;
  const silent = of("gone", "stale"),
    waiting = of("unknown"),
    suspect = of("suspect");
  if (!states.length) return [];
  const text = count(states.length, "sensor");
  if (!silent && !waiting && !suspect) return [{ status: "ok", text: `${text}, all reporting` }];
  const wrong = [
    silent && `${silent} silent`,
    waiting && `${waiting} without a value`,
    suspect && `${suspect} suspect`,
  ];
  return [{ status: silent ? "failing" : "unknown", text: [text, ...wrong].filter(Boolean).join(", ") }];
}

function ofGateway(gateway) {
  if (!gateway) return [];
  const chips = [];
  const links = Object.values(gateway.links ?? {}),
    up = links.filter((link) => link.state === "up").length;
  if (links.length) {
    const text =
      up === links.length
        ? up === 1
          ? "link up"
          : `${up} links up`
        : `${up} of ${count(links.length, "link")} up`;
    chips.push({ status: up === links.length ? "ok" : "failing", text, href: "#/gateway" });
  }
  const { mqtt, ...others } = gateway.health.parts;
  if (mqtt) {
    const waits = mqtt.waiting ? `, ${count(mqtt.waiting, "event")} waiting` : "";
    const text = { ok: "MQTT connected", unknown: "MQTT connecting", failing: "MQTT not connected" }[
      mqtt.status
    ];
    chips.push({ status: mqtt.status, text: `${text}${waits}`, href: "#/gateway", title: mqtt.message });
  }
  for (const [name, part] of Object.entries(others)) {
    if (part.status !== "failing" || /^(links|devices|site)\./.test(name)) continue; // those are counted above, or in the fleet
    chips.push({ status: part.status, text: `${name} failing`, href: "#/gateway", title: part.message });
  }
  return chips;
}
