// Where the page begins: the views, the stream that feeds the model, and what is said when it breaks.

import * as api from "./api.js";
import { element, setText } from "./dom.js";
import { EventsView } from "./events.js";
import { FleetView, named } from "./fleet.js";
import { age } from "./format.js";
import { GatewayView } from "./gateway.js";
import { login } from "./login.js";
import { Model } from "./model.js";
import { SensorView } from "./sensor.js";
import { Stream } from "./stream.js";
import { theme } from "./theme.js";
import { Tiles } from "./tiles.js";

const GATEWAY_MS = 5_000; // its counters and its health
const LIST_MS = 60_000; // what the stream does not say, as a threshold that a reload has changed

const NOBODY = "&sender=%24collector"; // while no gateway of a fleet is chosen: the stream says that it is alive

const model = new Model();
let fleet = false; // whether it is a collector, of many gateways
const main = document.getElementById("main");
const streamText = document.getElementById("stream");
const banner = document.getElementById("broken");
let view = null;
let state = "connecting"; // "live", "broken", "locked"
let brokenSince = 0;

function show() {
  if (state === "locked") return;
  view?.close();
  const [, what = "", name = ""] = location.hash.split("/");
  const of = fleet ? gatewayOf(what, decoded(name)) : null;
  if (fleet) turnTo(of);
  const first = fleet && of === null ? "fleet" : "sensors";
  const shown = what === "gateway" || (what === "events" && first !== "fleet") ? what : first;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (what === "sensor") view = new SensorView(model, main, decoded(name));
  else if (shown === "events") view = new EventsView(model, main);
  else if (shown === "gateway") view = new GatewayView(model, main);
  else if (shown === "fleet") view = new FleetView(main);
  else view = new Tiles(model, main);
  if (of !== null && what !== "gateway" && what !== "sensor") main.prepend(crumbOf(of));
  scrollTo(0, 0);
}

/** Of a fleet, whose sensors are shown: `site/gateway`; null where none is chosen. */
function gatewayOf(what, name) {
  if (what === "sensor") return name.split("/").slice(0, 2).join("/");
  if (what === "gateway") return model.of;
  return name || null;
}

/** Have the model, the stream and the links be of that gateway. */
function turnTo(of) {
  const changed = of !== model.of;
  model.follow(of);
  stream.only(of === null ? NOBODY : `&gateway=${encodeURIComponent(of)}`);
  for (const link of document.querySelectorAll("nav a")) {
    const { view: which } = link.dataset;
    if (which === "fleet") link.hidden = false;
    if (which === "gateway") setText(link, "Collector");
    if (which !== "sensors" && which !== "events") continue;
    link.hidden = of === null;
    link.href = `#/${which}/${encodeURIComponent(of ?? "")}`;
  }
  if (changed) askList();
}

const crumbOf = (of) =>
  element("p.crumb", {}, element("a", { href: "#/" }, "← All gateways"), element("span.of", {}, named(of)));

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody typed it
  }
}

/** Ask for something; whether it came. What does not is said by the stream's own state. */
async function ask(something) {
  try {
    await something();
    return true;
  } catch (error) {
    if (error.status === 401) lock(error.message);
    return false;
  }
}

let asked = 0;
let answered = 0;
const askList = () =>
  ask(async () => {
    const mine = ++asked;
    const of = model.of;
    if (fleet && of === null) return;
    const senders = await api.senders(of);
    if (of !== model.of) return;
    if (mine < answered) return; // one that was asked for later is there already
    answered = mine;
    model.load(senders);
  });
const askGateway = () =>
  ask(async () => {
    const info = await api.gateway();
    setText(document.getElementById("gateway-name"), info.name);
    document.title = `${info.name} · sig-gateway`;
    model.setGateway(info);
    if (Boolean(info.fleet) === fleet) return;
    fleet = Boolean(info.fleet);
    if (view) show();
  });

function lock(why) {
  if (state === "locked") return;
  state = "locked";
  view?.close();
  view = null;
  stream.close();
  login(main, why, start);
  tick();
}

function streamState(now) {
  if (state === "locked") return;
  if (now === "broken" && state !== "broken") brokenSince = api.now();
  state = now;
  askList(); // what was while nobody listened; or, as a stream does not say it, that the token is wanted anew
  if (now === "live") askGateway();
  tick();
}

const TEXTS = { connecting: "connecting…", live: "live", broken: "no connection", locked: "locked" };

function tick() {
  const broken = state === "broken";
  document.body.classList.toggle("broken", broken);
  streamText.dataset.state = state;
  setText(streamText, TEXTS[state]);
  banner.hidden = !broken;
  if (!broken) return;
  const seconds = age((api.now() - brokenSince) / 1000);
  setText(banner.querySelector("span"), `for ${seconds}`);
}

const stream = new Stream({
  onEvent: (event, id, began) => {
    if (model.take(event, id, began)) askList();
  },
  onGap: (data) => model.missed(data),
  onState: streamState,
});

async function start() {
  state = "connecting";
  await askGateway(); // it says whether there is one gateway, or a fleet
  if (state === "locked") return;
  if (fleet) show();
  else await askList();
  if (state === "locked") return;
  stream.open();
  if (!fleet) show();
}

const often = (ms, what) =>
  setInterval(() => {
    if (state === "live" && !document.hidden) what();
  }, ms);
theme(document.getElementById("theme"), () => view?.chart?.redraw());
addEventListener("hashchange", show);
setInterval(tick, 1000);
often(GATEWAY_MS, askGateway);
often(LIST_MS, askList);
start();
