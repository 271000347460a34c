// Where the page begins: the views, the stream that feeds the model, and what is said when it breaks.

import * as api from "./api.js";
import { element, setText } from "./dom.js";
import { age } from "./format.js";
import { EventsView } from "./events.js";
import { GatewayView } from "./gateway.js";
import { Model } from "./model.js";
import { SensorView } from "./sensor.js";
import { Tiles } from "./tiles.js";

const model = new Model();
const main = document.getElementById("main");
const streamText = document.getElementById("stream");
const banner = document.getElementById("broken");
let view = null;
let brokenSince = null;

function show() {
  view?.close();
  const [, what = "", name = ""] = location.hash.split("/");
  const shown = what === "sensor" || what === "" ? "sensors" : what;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (what === "sensor") view = new SensorView(model, main, decodeURIComponent(name));
  else if (what === "events") view = new EventsView(model, main);
  else if (what === "gateway") view = new GatewayView(model, main);
  else view = new Tiles(model, main);
}

async function load() {
  try {
    model.load(await api.senders());
    const { name } = await api.gateway();
    setText(document.getElementById("gateway-name"), name);
    document.title = `${name} · sig-gateway`;
    return true;
  } catch (error) {
    if (error.status === 401) askForToken(error.message);
    return error.status !== 401;
  }
}

function askForToken(why) {
  view?.close();
  view = null;
  stream.close();
  const token = element("input", { type: "password", autocomplete: "current-password", required: true, id: "token" });
  const said = element("p.why", { role: "alert" });
  const form = element("form.login", {
    onsubmit: async (event) => {
      event.preventDefault();
      try {
        await api.login(token.value);
        start();
      } catch (error) {
        setText(said, error.message);
        token.select();
      }
    },
  }, element("h1", {}, "This gateway wants its token"), element("p", {}, why),
  element("label", { for: "token" }, "Token (http.token in its config)"), token, element("button.primary", { type: "submit" }, "Open"), said);
  main.replaceChildren(form);
  token.focus();
}

function streamState(state) {
  if (state === "live") {
    brokenSince = null;
    load(); // what the stream does not say: who came and went meanwhile
  } else if (state === "broken") brokenSince ??= api.now();
  model.setStream(state);
  tick();
}

function tick() {
  const broken = brokenSince !== null;
  document.body.classList.toggle("broken", broken);
  streamText.dataset.state = broken ? "broken" : model.stream;
  setText(streamText, broken ? "no connection" : model.stream === "live" ? "live" : "connecting…");
  banner.hidden = !broken;
  if (broken) setText(banner, `No connection to the gateway for ${age((api.now() - brokenSince) / 1000)}: what is shown is old. It is tried again and again.`);
}

const stream = new api.Stream({
  onEvent: (event, id) => model.take(event, id),
  onGap: (data) => model.missed(data),
  onState: streamState,
});

async function start() {
  if (!(await load())) return;
  stream.open();
  show();
}

document.getElementById("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
  window.dispatchEvent(new Event("resize"));
  view?.chart?.redraw();
});
const theme = localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;
addEventListener("hashchange", show);
setInterval(tick, 1000);
start();
