// Conversations and settings, kept in this browser only.

const CONVERSATIONS = "godwit.conversations";
const SETTINGS = "godwit.settings";
const MOST = 100;

function read(key, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

// False: the browser keeps nothing, or has no room.
function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

const isText = (value) => typeof value === "string";

function isConversation(value) {
  return isText(value?.id) && isText(value.title) && isText(value.system) && Array.isArray(value.messages) &&
    value.messages.every((message) => isText(message?.role) && isText(message.content));
}

export class Conversations {
  // newest first: { id, title, system, messages: [{ role, content, thought?, note? }] }
  list;

  constructor() {
    const kept = read(CONVERSATIONS, []);
    this.list = Array.isArray(kept) ? kept.filter(isConversation) : [];
  }

  create(system) {
    return { id: crypto.getRandomValues(new Uint32Array(4)).join("-"), title: "New chat", system, messages: [] };
  }

  // Comes to be the first. What there is no room for goes, the oldest first.
  keep(conversation) {
    this.list = [conversation, ...this.list.filter((other) => other.id !== conversation.id)].slice(0, MOST);
    let kept = [...this.list];
    while (kept.length > 1 && !write(CONVERSATIONS, kept)) kept = kept.slice(0, Math.ceil(kept.length / 2));
    if (kept.length === 1) write(CONVERSATIONS, kept);
  }

  remove(id) {
    this.list = this.list.filter((other) => other.id !== id);
    write(CONVERSATIONS, this.list);
  }
}

export const readSettings = () => {
  const settings = read(SETTINGS, {});
  return settings && typeof settings === "object" ? settings : {};
};
export const writeSettings = (settings) => write(SETTINGS, settings);
