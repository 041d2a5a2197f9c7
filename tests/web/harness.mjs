// Servers and a browser for tests: started here, on free ports, and stopped.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

export const options = parseArgs({
  options: Object.fromEntries(["build", "guests", "third-party", "pictures"].map((name) => [name, { type: "string" }])),
}).values;

const modules = path.resolve(options["third-party"], "browser", "node_modules");
const chromium = "/usr/bin/chromium";
if (!existsSync(modules) || !existsSync(chromium)) {
  console.log("no browser: ./dev setup browser installs it");
  process.exit(77);
}

export const axe = readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");

export function launch() {
  const playwright = createRequire(path.join(modules, "playwright-core", "package.json"))("playwright-core");
  return playwright.chromium.launch({
    executablePath: chromium,
    args: ["--no-sandbox", "--disable-background-networking"],
  });
}

// A program, until stop(); `first` is the first line that it prints.
export async function start(program, parameters, directory) {
  const child = spawn(path.resolve(options.build, program), parameters, { cwd: directory, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve, reject) => child.on("exit", resolve).on("error", reject));
  process.on("exit", () => child.kill("SIGKILL"));
  const first = await new Promise((resolve, reject) => {
    ended.then((code) => reject(new Error(`${program} ended with ${code}`)), reject);
    createInterface(child.stdout).once("line", resolve);
  });
  child.stdout.resume();
  return {
    first,
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

export async function startChat(...more) {
  const models = path.join(options["third-party"], "models");
  const server = await start("godwit-openai", ["serve", "--listen", "127.0.0.1:0", "--ctx-size", "1024",
    "--model", `smol=${models}/smollm2-135m-instruct-q4_1.gguf`, ...more]);
  return { ...server, url: server.first.split(" ").at(-1).replace(/\/v1$/, "") };
}

export async function startAgents() {
  const directory = mkdtempSync(path.join(tmpdir(), "godwit-web."));
  const module = path.join(options.guests, "agent-probe.wasm");
  writeFileSync(path.join(directory, "probe.wasm"), readFileSync(module));
  const agent = (name) => `[[agent]]\nname = "${name}"\nmodule = "${name}.wasm"\nroutes = ["/${name}"]\n` +
    "[agent.limits]\ntime = \"60s\"\n[agent.grants]\nkv = true\n";
  for (const name of ["mail", "tickets"]) writeFileSync(path.join(directory, `${name}.wasm`), readFileSync(module));
  writeFileSync(path.join(directory, "godwit.toml"),
    `version = 1\nlisten = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\naccess_log = false\n${agent("mail")}${agent("tickets")}`);
  const server = await start("godwit-serve", ["serve", "godwit.toml"], directory);
  const [, address, , admin] = server.first.split(" ");
  return {
    directory,
    module,
    admin: `http://${admin}`,
    token: readFileSync(path.join(directory, "state", "admin.token"), "utf8").trim(),
    ask: (target, body = "") => fetch(`http://${address}${target}`, { method: "POST", body }),
    async stop() {
      const code = await server.stop();
      rmSync(directory, { recursive: true });
      return code;
    },
  };
}

// A picture of the page, where --pictures says.
export async function picture(page, name) {
  if (!options.pictures) return;
  mkdirSync(options.pictures, { recursive: true });
  const before = page.viewportSize();
  await page.setViewportSize({ width: 900, height: 620 });
  await page.screenshot({ path: path.join(options.pictures, `${name}.png`) });
  await page.setViewportSize(before);
}
