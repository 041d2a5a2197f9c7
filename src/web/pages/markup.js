// What a model writes, as elements: blocks of code, headings, lists, paragraphs; in them code and bold. Nothing in a text
// becomes an element of its own choice: there are those that are made here, and all else is text.
import { el } from "./elements.js";

const FENCE = /^\s{0,3}(```+|~~~+)\s*([\w+#.-]*)[^`]*$/;
const ITEM = /^\s*(?:[-*+]|\d{1,3}[.)])\s+(.*)$/;

// [{ kind: "code", language, text } | { kind: "heading" | "list" | "text", text }]. A fence that is still open is code.
export function blocks(text) {
  const result = [];
  let plain = null;
  let fence = null;
  for (const line of text.split("\n")) {
    if (fence) {
      const end = line.match(FENCE);
      if (end && end[1][0] === fence.mark[0] && end[1].length >= fence.mark.length && !end[2]) fence = null;
      else fence.block.text += (fence.isFirst ? "" : "\n") + line;
      if (fence) fence.isFirst = false;
      continue;
    }
    const begin = line.match(FENCE);
    if (begin) {
      const block = { kind: "code", language: begin[2], text: "" };
      result.push(block);
      fence = { mark: begin[1], block, isFirst: true };
      plain = null;
      continue;
    }
    const kind = /^#{1,6}\s/.test(line) ? "heading" : ITEM.test(line) ? "list" : "text";
    if (line.trim() === "") plain = null;
    else if (plain && plain.kind === kind && kind !== "heading") plain.text += "\n" + line;
    else result.push((plain = { kind, text: line }));
  }
  return result;
}

// `code` and **bold**
function inline(text) {
  return text
    .split(/(`[^`\n]+`|\*\*[^*\n]+\*\*)/)
    .filter((part) => part !== "")
    .map((part) => {
      if (part.length > 2 && part.startsWith("`") && part.endsWith("`")) return el("code", {}, part.slice(1, -1));
      if (part.length > 4 && part.startsWith("**") && part.endsWith("**")) return el("strong", {}, part.slice(2, -2));
      return part;
    });
}

function copyButton(text) {
  const button = el("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  });
  return button;
}

function element(block) {
  if (block.kind === "code") {
    const box = el("div", { class: "block" });
    if (block.language) box.append(el("div", { class: "language" }, block.language));
    // who has no mouse scrolls it, too
    box.append(el("pre", { tabindex: 0, role: "region", "aria-label": "Code" }, el("code", {}, block.text)));
    if (navigator.clipboard) box.append(copyButton(block.text));
    return box;
  }
  if (block.kind === "heading") return el("h3", {}, ...inline(block.text.replace(/^#+\s+/, "")));
  if (block.kind === "list") {
    const isOrdered = /^\s*\d/.test(block.text);
    const items = block.text.split("\n").map((line) => el("li", {}, ...inline(line.match(ITEM)?.[1] ?? line)));
    return el(isOrdered ? "ol" : "ul", {}, ...items);
  }
  return el("p", {}, ...inline(block.text));
}

// A text that grows, in `parent`: what has not changed since the last time stays as it is.
export class Rendered {
  #parent;
  #known = [];

  constructor(parent) {
    this.#parent = parent;
  }

  show(text) {
    const now = blocks(text);
    now.forEach((block, index) => {
      const key = JSON.stringify(block);
      if (this.#known[index] === key) return;
      this.#known[index] = key;
      const made = element(block);
      const old = this.#parent.children[index];
      if (old) old.replaceWith(made);
      else this.#parent.append(made);
    });
    while (this.#parent.children.length > now.length) this.#parent.lastElementChild.remove();
    this.#known.length = now.length;
  }
}
