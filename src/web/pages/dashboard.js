// The dashboard: asks the admin API again and again while somebody looks.
import { byId, bytes, count, el, milliseconds, time } from "./elements.js";

const INTERVAL_MS = 2000;
const MOST_LINES = 500;
const MOST_RUNS = 50;

let token = sessionStorage.getItem("godwit.token") ?? "";
let chosen = ""; // an agent's name
let nextLine = 0; // of its log
let agents = [];

class Refused extends Error {}

async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { Authorization: `Bearer ${token}` } });
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const why = body?.error ?? `The server answered ${response.status}.`;
  throw response.status === 401 ? new Refused(why) : new Error(why);
}

const pathOf = (name, rest = "") => `v1/agents/${encodeURIComponent(name)}${rest}`;

function say(id, text) {
  byId(id).textContent = text;
  byId(id).hidden = text === "";
}

function show(isInside) {
  byId("enter").hidden = isInside;
  for (const id of ["inside", "leave", "reload"]) byId(id).hidden = !isInside;
  byId("agent").hidden = !isInside || chosen === "";
  if (!isInside) byId("server").textContent = "";
}

function leave() {
  token = "";
  chosen = "";
  sessionStorage.removeItem("godwit.token");
  show(false);
  byId("token").focus();
}

// Does what somebody asked for, and says how that went.
async function attempt(done, action) {
  say("problem", "");
  say("done", "");
  try {
    await action();
    say("done", done);
  } catch (error) {
    fail(error);
  }
  await refresh();
}

function fail(error) {
  if (error instanceof Refused) leave();
  say("problem", error instanceof TypeError ? "The server does not answer." : error.message);
}

const stateOf = (agent) => (agent.stopped ? "stopped" : "serving");

// A row keeps its elements: who is on its button stays there.
function row(agent) {
  let found = [...byId("rows").children].find((other) => other.name === agent.name);
  if (!found) {
    const button = el("button", { type: "button", onclick: () => choose(agent.name) }, agent.name);
    found = el("tr", {}, el("th", { scope: "row" }, button), el("td"));
    for (let i = 0; i < 7; i++) found.append(el("td", { class: "number" }));
    found.name = agent.name;
    byId("rows").append(found);
  }
  const values = [stateOf(agent), count(agent.running), count(agent.runs), count(agent.failures),
    milliseconds(agent.latency_ms.p50), milliseconds(agent.latency_ms.p99), bytes(agent.memory_bytes),
    count(agent.input_tokens + agent.output_tokens)];
  values.forEach((value, index) => (found.children[index + 1].textContent = value));
  found.classList.toggle("chosen", agent.name === chosen);
  return found;
}

function figure(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}

function showAgent(agent) {
  byId("agent").hidden = false;
  byId("agent-name").textContent = agent.name;
  byId("toggle").textContent = agent.stopped ? "Start" : "Stop";
  byId("figures").replaceChildren(
    figure("State", stateOf(agent)),
    figure("Routes", agent.routes.join(" ") || "none"),
    figure("Runs", count(agent.runs)),
    figure("Running now", count(agent.running)),
    figure("Failed", count(agent.failures)),
    figure("Refused", count(agent.refused)),
    figure("Not granted", count(agent.denials)),
    figure("Half of runs within", milliseconds(agent.latency_ms.p50)),
    figure("99 % within", milliseconds(agent.latency_ms.p99)),
    figure("Memory of a run", bytes(agent.memory_bytes)),
    figure("Most memory", bytes(agent.peak_memory_bytes)),
    figure("Tokens read", count(agent.input_tokens)),
    figure("Tokens written", count(agent.output_tokens)));
}

function runRow(run) {
  const outcome = run.error ? `${run.error}${run.status ? ` (${run.status})` : ""}` : String(run.status || "done");
  return el("tr", {},
    el("td", {}, time(run.time_ms)),
    el("td", {}, run.target ? `${run.kind} ${run.target}` : run.kind),
    el("td", { class: run.error ? "bad" : "" }, outcome),
    el("td", { class: "number" }, milliseconds(run.us / 1000)),
    el("td", { class: "number" }, bytes(run.memory_bytes)));
}

async function refreshAgent() {
  const name = chosen;
  const runs = await (await ask(pathOf(name, "/runs"))).json();
  const answer = await ask(pathOf(name, `/logs?from=${nextLine}`));
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  if (name !== chosen) return; // meanwhile another one
  byId("runs").replaceChildren(...runs.runs.slice(-MOST_RUNS).reverse().map(runRow));
  nextLine = Number(answer.headers.get("X-Next"));
  const log = byId("log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  for (const text of lines) {
    const line = JSON.parse(text);
    log.append(el("div", { class: line.level === "error" ? "bad" : "" },
      `${time(line.time_ms)} ${line.level} ${line.message}`));
  }
  while (log.children.length > MOST_LINES) log.firstElementChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function choose(name) {
  if (name !== chosen) {
    nextLine = 0;
    byId("log").replaceChildren();
    byId("runs").replaceChildren();
  }
  chosen = name;
  const agent = agents.find((other) => other.name === name);
  if (agent) showAgent(agent);
  byId("agent-name").focus();
  refresh();
}

let refreshing = null;
async function refreshOnce() {
  const [list, server] = await Promise.all([ask("v1/agents"), ask("v1/server")]);
  agents = (await list.json()).agents;
  const of = await server.json();
  show(true);
  byId("server").textContent = `${bytes(of.memory_bytes)} of memory, ${count(of.connections)} connections, ` +
    `${count(of.events_pending)} events wait, ${count(of.events_dead)} failed too often`;
  const rows = agents.map(row);
  for (const old of [...byId("rows").children]) if (!rows.includes(old)) old.remove();
  const agent = agents.find((other) => other.name === chosen);
  if (!agent) byId("agent").hidden = true;
  else {
    showAgent(agent);
    await refreshAgent();
  }
}

// One at a time; who asks during one gets another one after it.
function refresh() {
  if (!token) return show(false);
  refreshing = (refreshing ?? Promise.resolve()).then(refreshOnce).catch(fail);
  return refreshing;
}

byId("enter").addEventListener("submit", async (event) => {
  event.preventDefault();
  token = byId("token").value.trim();
  byId("token").value = "";
  say("problem", "");
  await refresh();
  if (!token) return;
  sessionStorage.setItem("godwit.token", token);
  byId("rows").querySelector("button")?.focus();
});
byId("leave").addEventListener("click", leave);
byId("reload").addEventListener("click", () =>
  attempt("The manifest was read again.", () => ask("v1/reload", { method: "POST" })));
byId("toggle").addEventListener("click", () => {
  const isStopped = agents.find((agent) => agent.name === chosen)?.stopped;
  const [action, done] = isStopped ? ["/start", "The agent serves."] : ["/stop", "The agent is stopped."];
  attempt(done, () => ask(pathOf(chosen, action), { method: "POST" }));
});
byId("kill").addEventListener("click", () => {
  byId("confirm-text").textContent = `End all that runs of “${chosen}”, and stop it?`;
  byId("confirm").returnValue = "no";
  byId("confirm").showModal();
});
byId("confirm").addEventListener("close", () => {
  if (byId("confirm").returnValue !== "yes") return;
  attempt("What ran was ended, and the agent is stopped.", () => ask(pathOf(chosen, "/kill"), { method: "POST" }));
});
byId("deploy").addEventListener("submit", (event) => {
  event.preventDefault();
  const file = byId("module").files[0];
  attempt(`“${file.name}” is deployed.`, () => ask(pathOf(chosen, "/module"), { method: "PUT", body: file }));
});
setInterval(() => {
  if (token && !document.hidden) refresh();
}, INTERVAL_MS);
if (token) await refresh();
else leave();
