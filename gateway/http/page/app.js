// Where the page begins: the views, the stream that feeds the model, and what is said when it breaks.

import * as api from "./api.js";
import { setText } from "./dom.js";
import { EventsView } from "./events.js";
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

const model = new Model();
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
  const shown = what === "events" || what === "gateway" ? what : "sensors";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (what === "sensor") view = new SensorView(model, main, decoded(name));
  else if (what === "events") view = new EventsView(model, main);
  else if (what === "gateway") view = new GatewayView(model, main);
  else view = new Tiles(model, main);
  scrollTo(0, 0);
}

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
    const senders = await api.senders();
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
  await askList();
  if (state === "locked") return;
  stream.open();
  show();
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
