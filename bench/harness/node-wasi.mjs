// Runs a WASI command module in node: node node-wasi.mjs module.wasm args…
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { WASI } from 'node:wasi';

const [, , path, ...args] = argv;
const wasi = new WASI({ version: 'preview1', args: [path, ...args] });
const module = new WebAssembly.Module(readFileSync(path));
wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()));
