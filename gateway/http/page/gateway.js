// The fourth view: how the gateway itself does: its parts in words, links and devices with their counters, MQTT.

import * as api from "./api.js";
import { element, setText } from "./dom.js";
import { span } from "./format.js";

const AGAIN_MS = 5000;
const STATUS = { ok: "flows", unknown: "not shown yet", failing: "does not flow" };

export class GatewayView {
  #timer = 0;
  #drawn = "";

  constructor(_model, main) {
    this.about = element("p.summary", { role: "status" });
    this.parts = element("section");
    this.links = element("section");
    main.replaceChildren(element("h1.hidden", {}, "Gateway"), element("div.tools", {}, this.about), this.parts, this.links);
    this.#load();
    this.#timer = setInterval(() => this.#load(), AGAIN_MS);
  }

  close() { clearInterval(this.#timer); }

  async #load() {
    try {
      const [info, health] = await Promise.all([api.gateway(), api.health()]);
      setText(this.about, `${info.name}, version ${info.version}, running for ${span(info.uptime)}`);
      const drawn = JSON.stringify([health, info.links]);
      if (drawn !== this.#drawn) this.#draw(info, health);
      this.#drawn = drawn;
    } catch (error) {
      setText(this.about, error.message);
    }
  }

  #draw({ links }, { status, parts }) {
    this.parts.replaceChildren(
      element("h2", {}, status === "ok" ? "All data flows" : status === "unknown" ? "Not everything has shown that it flows yet" : "Data does not flow"),
      element("ul.parts", {}, ...Object.entries(parts).map(([name, part]) =>
        element("li", { "data-status": part.status }, element("strong", {}, name), element("span.badge", {}, STATUS[part.status] ?? part.status), element("p", {}, part.message ?? "")))));
    this.links.replaceChildren(element("h2", {}, "Links and devices"), ...Object.entries(links).map(([name, link]) => card(name, link)));
  }
}

function card(name, link) {
  const counters = Object.entries(link.counters ?? {}).filter(([, value]) => value > 0);
  return element("article.card", { "data-status": link.state === "up" ? "ok" : "failing" },
    element("h3", {}, name, " ", element("span.badge", {}, link.state)),
    element("p", {}, [link.opened ?? link.port, link.state === "up" ? `for ${span(link.since)}` : link.reason].filter(Boolean).join(", ")),
    link.warning ? element("p.why", {}, link.warning) : null,
    link.devices.length
      ? element("ul", {}, ...link.devices.map((device) => element("li", {}, [device.name, device.model, device.identity, device.firmware && `firmware ${device.firmware}`, device.channels.length ? `channels ${device.channels.join(", ")}` : ""].filter(Boolean).join(" · "))))
      : null,
    counters.length
      ? element("dl.counters", {}, ...counters.flatMap(([key, value]) => [element("dt", {}, key.replaceAll("_", " ")), element("dd", {}, value.toLocaleString())]))
      : null);
}
