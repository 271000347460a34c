// The fourth view: how the gateway itself does: its parts in words, MQTT and its outbox, links and devices with counters.

import { now } from "./api.js";
import { element, setText } from "./dom.js";
import { age, clock, count, exact, number, span } from "./format.js";

const STATUS = { ok: "flows", unknown: "not shown yet", failing: "does not flow" };
const LINK = {
  up: "up",
  greeting: "asking who is there",
  opening: "being opened",
  absent: "not there",
  failed: "failed",
  closed: "closed",
};
const WHOLE = {
  ok: "All data flows",
  unknown: "Not everything has shown yet that it flows",
  failing: "Some data does not flow",
};

export class GatewayView {
  #drawn = "";

  constructor(model, main) {
    this.model = model;
    this.about = element("p.summary", { role: "status" });
    this.asked = element("p.asked");
    this.parts = element("section");
    this.links = element("section");
    main.replaceChildren(
      element("h1.hidden", {}, "Gateway"),
      element("div.tools", {}, this.about, this.asked),
      this.parts,
      this.links,
    );
    this.onGateway = () => this.#show();
    model.addEventListener("gateway", this.onGateway);
    this.timer = setInterval(() => this.#tick(), 1000);
    this.#show();
  }

  close() {
    clearInterval(this.timer);
    this.model.removeEventListener("gateway", this.onGateway);
  }

  #tick() {
    const { gateway } = this.model;
    setText(
      this.asked,
      gateway ? `as of ${clock(gateway.asked)}, ${age((now() - gateway.asked) / 1000)} ago` : "",
    );
  }

  #show() {
    const { gateway } = this.model;
    this.#tick();
    if (!gateway) {
      setText(this.about, "Asking the gateway…");
      return;
    }
    setText(this.about, `${gateway.name}, version ${gateway.version}, running for ${span(gateway.uptime)}`);
    const drawn = JSON.stringify([gateway.health, gateway.links]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const parts = Object.entries(gateway.health.parts).filter(([name]) => !name.startsWith("links.")); // which come below
    parts.sort(([, a], [, b]) => RANK[a.status] - RANK[b.status]);
    this.parts.replaceChildren(
      element("h2", {}, WHOLE[gateway.health.status]),
      element("ul.parts", {}, ...parts.map(([name, part]) => partOf(name, part))),
    );
    this.links.hidden = "fleet" in gateway; // it has none of its own
    this.links.replaceChildren(
      element("h2", {}, "Links and devices"),
      element("div.cards", {}, ...Object.entries(gateway.links).map(([name, link]) => linkOf(name, link))),
    );
  }
}

const RANK = { failing: 0, unknown: 1, ok: 2 };
const NAMES = { mqtt: "MQTT", database: "MQTT's store", dispatcher: "event dispatcher" };

const KEPT = { mqtt: "outbox", history: "in memory" };

const called = (name) => NAMES[name] ?? name.replace(/^devices\./, "sensors on ");

function partOf(name, part) {
  const kept =
    "waiting" in part && "lost" in part
      ? element(
          "p.facts",
          {},
          `${KEPT[name] ?? name}: ${count(part.waiting, "event")} waiting, ${number(part.lost, 0)} lost since the start`,
        )
      : null;
  const sensors = sensorsOf(part.sensors);
  return element(
    "li",
    { "data-status": part.status },
    element(
      "span.title",
      {},
      element("strong", {}, called(name)),
      element("span.badge", {}, STATUS[part.status]),
    ),
    sensors ? null : element("p", {}, messageOf(part)),
    kept,
    sensors,
  );
}

/** Of what is well, a time is said as the viewer says it. */
const messageOf = ({ status, message, written_until: until }) =>
  status === "ok" && until ? `written until ${exact(Date.parse(until))}` : message;

/** The sensors of a device that do not say something, where there are several. */
function sensorsOf(sensors = {}) {
  const entries = Object.entries(sensors);
  if (entries.length < 2) return null;
  return element(
    "ul.sensors",
    {},
    ...entries.map(([name, { status, message }]) =>
      element("li", { "data-status": status }, element("strong", {}, name), ` ${message}`),
    ),
  );
}

function linkOf(name, link) {
  const up = link.state === "up";
  const status = up ? "ok" : link.reason ? "failing" : "unknown";
  return element(
    "article.card",
    { "data-status": status },
    element(
      "span.title",
      {},
      element("h3", {}, name),
      element("span.badge", {}, LINK[link.state] ?? link.state),
    ),
    element("p", {}, [link.opened ?? link.port, `for ${span(link.since)}`].filter(Boolean).join(", ")),
    link.reason ? element("p.why.bad", {}, link.reason) : null,
    link.warning ? element("p.why", {}, link.warning) : null,
    link.devices.length
      ? element("ul.devices", {}, ...link.devices.map((device) => element("li", {}, deviceOf(device))))
      : null,
    countersOf(link.counters),
  );
}

function deviceOf({ name, model, identity, firmware, channels }) {
  const known = [
    name,
    model,
    identity,
    firmware && `firmware ${firmware}`,
    channels.length && `channels ${channels.join(", ")}`,
  ];
  return [...new Set(known.filter(Boolean))].join(" · ");
}

/** Counters that stand at nought say nothing. */
function countersOf(counters = {}) {
  const entries = Object.entries(counters).filter(([, value]) => value > 0);
  if (!entries.length) return null;
  return element(
    "dl.counters",
    {},
    ...entries.map(([key, value]) =>
      element("div", {}, element("dt", {}, key.replaceAll("_", " ")), element("dd", {}, number(value, 0))),
    ),
  );
}
