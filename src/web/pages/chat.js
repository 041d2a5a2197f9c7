// The chat page: asks /v1 of this server, shows what comes as it comes.
import { byId, count, el } from "./elements.js";
import { Conversations, readSettings, writeSettings } from "./conversations.js";
import { Rendered } from "./markup.js";

const conversations = new Conversations();
const settings = readSettings();
let current = conversations.list[0] ?? conversations.create(settings.system ?? "");
let asking = null; // the AbortController of the question that is being answered

const NUMBERS = ["temperature", "top_p", "max_tokens", "seed"];

function headers() {
  const key = byId("key").value;
  return key ? { Authorization: `Bearer ${key}` } : {};
}

function complain(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = text === "";
}

// In words, why a request was refused.
async function reasonOf(response) {
  const body = await response.json().catch(() => null);
  const after = response.headers.get("Retry-After");
  if (response.status === 401) return "The server asks for an API key: enter it in the settings.";
  const text = body?.error?.message ?? `The server answered ${response.status}.`;
  return after ? `${text} (in ${after} s)` : text;
}

async function loadModels() {
  const select = byId("model");
  try {
    const response = await fetch("v1/models", { headers: headers() });
    if (!response.ok) return complain(await reasonOf(response));
    const { data } = await response.json();
    select.replaceChildren(...data.map(({ id }) => el("option", { value: id }, id)));
    if (data.some(({ id }) => id === settings.model)) select.value = settings.model;
    complain("");
  } catch {
    complain("The server does not answer.");
  }
}

function messageElement(message, name) {
  const body = el("div");
  const article = el("article", { class: `message ${message.role}` }, el("h2", {}, name), body);
  const rendered = new Rendered(body);
  const thoughts = el("div");
  const thinking = new Rendered(thoughts);
  const box = el("details", { hidden: true }, el("summary", {}, "Thoughts"), thoughts);
  const note = el("p", { class: "faint", hidden: true });
  body.before(box);
  body.after(note);
  return {
    article,
    show() {
      box.hidden = !message.thought;
      thinking.show(message.thought ?? "");
      rendered.show(message.content);
      note.hidden = !message.note;
      note.textContent = message.note ?? "";
    },
  };
}

const nameOf = (role) => (role === "user" ? "You" : "Model");

function showConversation() {
  byId("system").value = current.system;
  byId("messages").replaceChildren(...current.messages.map((message) => {
    const shown = messageElement(message, nameOf(message.role));
    shown.show();
    return shown.article;
  }));
  byId("messages").scrollTop = byId("messages").scrollHeight;
  showHistory();
}

function showHistory() {
  byId("history").replaceChildren(...conversations.list.map((conversation) => el("li", {},
    el("button", {
      type: "button",
      "aria-current": conversation.id === current.id ? "true" : "false",
      onclick: () => choose(conversation),
    }, conversation.title),
    el("button", {
      type: "button",
      "aria-label": `Delete ${conversation.title}`,
      onclick: () => {
        conversations.remove(conversation.id);
        if (conversation.id === current.id) begin();
        else showHistory();
      },
    }, "×"))));
}

function choose(conversation) {
  asking?.abort();
  current = conversation;
  closeMenu();
  showConversation();
  byId("prompt").focus();
}

function begin() {
  choose(conversations.create(byId("system").value));
}

function closeMenu() {
  document.body.classList.remove("open");
  byId("menu").setAttribute("aria-expanded", "false");
}

// The events of a stream, as objects; ends with it.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines)
      if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
  }
}

function bodyOf(conversation) {
  const messages = conversation.messages.map(({ role, content }) => ({ role, content }));
  if (conversation.system) messages.unshift({ role: "system", content: conversation.system });
  const body = { model: byId("model").value, messages };
  for (const name of NUMBERS) {
    const field = byId(name);
    if (field.value !== "" && !Number.isNaN(field.valueAsNumber)) body[name] = field.valueAsNumber;
  }
  if (byId("stream").checked) Object.assign(body, { stream: true, stream_options: { include_usage: true } });
  return body;
}

// Puts what comes into `answer`, and calls `changed` each time. @returns usage, if it was told
async function ask(body, answer, changed, signal) {
  const response = await fetch("v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers() },
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok) throw new Error(await reasonOf(response));
  const take = (piece) => {
    answer.content += piece?.content ?? "";
    if (piece?.reasoning_content) answer.thought = (answer.thought ?? "") + piece.reasoning_content;
    changed();
  };
  if (!body.stream) {
    const whole = await response.json();
    take(whole.choices[0].message);
    return { usage: whole.usage, reason: whole.choices[0].finish_reason };
  }
  let usage = null;
  let reason = null;
  for await (const event of events(response)) {
    if (event.error) throw new Error(event.error.message);
    usage = event.usage ?? usage;
    reason = event.choices[0]?.finish_reason ?? reason;
    if (event.choices[0]) take(event.choices[0].delta);
  }
  if (!reason) throw new Error("The answer ended before its time.");
  return { usage, reason };
}

async function send() {
  const text = byId("prompt").value.trim();
  if (!text || asking) return;
  complain("");
  const conversation = current;
  const mine = new AbortController();
  asking = mine;
  conversation.system = byId("system").value;
  if (conversation.messages.length === 0) conversation.title = text.slice(0, 60);
  conversation.messages.push({ role: "user", content: text });
  const body = bodyOf(conversation);
  const answer = { role: "assistant", content: "" };
  conversation.messages.push(answer);
  conversations.keep(conversation);
  byId("prompt").value = "";
  showConversation();
  const list = byId("messages");
  const shown = messageElement(answer, nameOf(answer.role));
  list.lastElementChild.replaceWith(shown.article);
  // who listens is told of the whole, not of each piece
  shown.article.setAttribute("aria-busy", "true");
  setAsking(true);

  let isDue = false;
  const show = () => {
    isDue = false;
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    shown.show();
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  };
  const changed = () => {
    if (!isDue) requestAnimationFrame(show);
    isDue = true;
  };
  const began = performance.now();
  try {
    const { usage, reason } = await ask(body, answer, changed, mine.signal);
    if (reason === "length") answer.note = "The answer was cut off: the limit of tokens, or the context, is reached.";
    const tokens = usage?.completion_tokens ?? 0;
    const seconds = (performance.now() - began) / 1000;
    byId("state").textContent = `${count(usage?.prompt_tokens ?? 0)} tokens read, ${count(tokens)} written, ` +
      `${(tokens / seconds).toFixed(1)} per second`;
  } catch (error) {
    if (mine.signal.aborted) answer.note = "Stopped.";
    else complain(error instanceof TypeError ? "The server does not answer." : error.message);
    byId("state").textContent = mine.signal.aborted ? "Stopped." : "";
    if (!answer.content && !answer.thought) {
      // nothing was said: the question goes back to where it can be asked again
      conversation.messages.splice(-2);
      shown.article.previousElementSibling?.remove();
      shown.article.remove();
      if (byId("prompt").value === "" && conversation === current) byId("prompt").value = text;
    }
  }
  asking = null;
  show();
  shown.article.removeAttribute("aria-busy");
  if (conversation.messages.length > 0) conversations.keep(conversation);
  else conversations.remove(conversation.id);
  showHistory();
  setAsking(false);
}

function setAsking(isAsking) {
  byId("send").hidden = isAsking;
  byId("stop").hidden = !isAsking;
  if (isAsking) byId("state").textContent = "Answering …";
}

function stop() {
  if (!asking) return;
  asking.abort();
  byId("prompt").focus();
}

function rememberSettings() {
  const kept = { model: byId("model").value, system: byId("system").value, stream: byId("stream").checked };
  for (const name of NUMBERS) kept[name] = byId(name).value;
  writeSettings(kept);
}

for (const name of NUMBERS) byId(name).value = settings[name] ?? "";
byId("stream").checked = settings.stream ?? true;
byId("key").value = sessionStorage.getItem("godwit.key") ?? "";
byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
byId("prompt").addEventListener("keydown", (event) => {
  // what is composed (Chinese, Japanese) is ended by Enter, too
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stop();
});
byId("stop").addEventListener("click", stop);
byId("new").addEventListener("click", begin);
byId("menu").addEventListener("click", () => {
  const isOpen = document.body.classList.toggle("open");
  byId("menu").setAttribute("aria-expanded", String(isOpen));
});
byId("key").addEventListener("change", () => {
  sessionStorage.setItem("godwit.key", byId("key").value);
  loadModels();
});
byId("side").addEventListener("change", rememberSettings);
byId("model").addEventListener("change", rememberSettings);
showConversation();
await loadModels();
byId("prompt").focus();
