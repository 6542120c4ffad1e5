// Runs the page of a desk without a browser: what is fetched is answered by the statuses given, and what it says is printed.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const [script, act, ...statuses] = process.argv.slice(2);
const sent = [], said = [], heard = {};
const element = (name) => ({
  set textContent(text) { if (name === "state") said.push(text); },
  addEventListener: (kind, done) => { heard[`${name} ${kind}`] = done; },
  value: "", naturalWidth: 10, naturalHeight: 10,
});
const elements = {};
const document = { getElementById: (name) => (elements[name] ??= element(name)), activeElement: null };
document.activeElement = document.getElementById("page");
const fetch = async (path, asked) => {
  if (path !== "/input") return new Promise(() => {});
  sent.push(JSON.parse(asked.body));
  const status = statuses.shift() ?? "204";
  if (status === "broken") throw new Error(status);
  return { status: Number(status) };
};
const setTimeout = (done) => queueMicrotask(done);
const addEventListener = (kind, done) => { heard[kind] = done; };
const here = vm.createContext({ document, fetch, setTimeout, addEventListener, Blob, URL, performance, console });
vm.runInContext(readFileSync(script, "utf8"), here);
vm.runInContext(act, Object.assign(here, { heard }));
await new Promise((done) => setImmediate(done));
process.stdout.write(JSON.stringify({ sent, said, longest: Math.max(0, ...sent.map((one) => JSON.stringify(one).length)) }));
