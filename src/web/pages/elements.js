// What both pages are written with: elements, whose texts never become markup, and numbers for people.

// el("button", { type: "button", onclick: f }, "Stop"): children are nodes or texts.
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

export function bytes(count) {
  for (const unit of ["B", "KiB", "MiB"]) {
    if (count < 1024) return `${Number(count.toFixed(count < 10 && unit !== "B" ? 1 : 0))} ${unit}`;
    count /= 1024;
  }
  return `${Number(count.toFixed(1))} GiB`;
}

export function milliseconds(count) {
  if (count < 10) return `${count.toFixed(2)} ms`;
  return count < 10_000 ? `${Math.round(count)} ms` : `${(count / 1000).toFixed(1)} s`;
}

export const count = (number) => number.toLocaleString("en");

export function time(ms) {
  return new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
