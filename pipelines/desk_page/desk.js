"use strict";
// Shows pictures of the contained browser, and passes on what is done to them.
const page = document.getElementById("page");
const address = document.getElementById("address");
const state = document.getElementById("state");
const keys = ["Backspace", "Tab", "Enter", "Escape", "PageUp", "PageDown", "End", "Home",
  "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown", "Delete"];
const textCharacters = 2000;  // of one text, as the browser's side takes them
const requestBytes = 60000;  // the desk takes 64 KiB
let waiting = [], sending = false, shown = "", pressed = false, moved = 0, ended = false, told = "", remark = "", trouble = "";

const say = () => {
  state.textContent = [trouble, remark, told].filter(Boolean).join(" ");
};

const act = (event) => {
  if (event.kind !== "move") remark = "";
  waiting.push(event);
  send();
};

function batch() {
  const taken = [];
  let bytes = 2;
  while (waiting.length && taken.length < 50) {
    bytes += new Blob([JSON.stringify(waiting[0])]).size + 1;
    if (taken.length && bytes > requestBytes) break;
    taken.push(waiting.shift());
  }
  return taken;
}

async function send() {
  if (sending || ended || !waiting.length) return;
  sending = true;
  const events = batch();
  let status = "no answer";
  try {
    const content = { "Content-Type": "application/json" };
    status = (await fetch("/input", { method: "POST", headers: content, body: JSON.stringify(events) })).status;
  } catch {
    // What happened is said below, with the status that there was none.
  }
  sending = false;
  if (status === 204) {
    trouble = "";
  } else if (status === 409) {
    // Nobody was there to take it; what only points is out of date by then.
    waiting = [...events.filter((event) => event.kind !== "move"), ...waiting];
    trouble = waiting.length ? `The browser does not take anything yet; ${waiting.length} actions wait for it.` : "";
    setTimeout(send, 500);
  } else {
    const lost = events.map((event) => event.kind).join(", ");
    remark = `NOT DONE (${status}): ${lost}. Do it again if the page does not show it.`;
  }
  say();
  if (status !== 409) send();
}

const place = (event) => {
  const box = page.getBoundingClientRect();
  return {
    x: Math.round((event.clientX - box.left) * page.naturalWidth / box.width),
    y: Math.round((event.clientY - box.top) * page.naturalHeight / box.height),
  };
};

page.addEventListener("mousedown", (event) => {
  if (event.button) return;
  event.preventDefault();
  page.focus();
  pressed = true;
  act({ kind: "down", ...place(event) });
});
addEventListener("mouseup", (event) => {
  if (!pressed) return;
  pressed = false;
  act({ kind: "up", ...place(event) });
});
page.addEventListener("mousemove", (event) => {
  if (performance.now() - moved < 60) return;
  moved = performance.now();
  act({ kind: "move", ...place(event) });
});
page.addEventListener("wheel", (event) => {
  event.preventDefault();
  act({ kind: "wheel", ...place(event), by: Math.round(event.deltaY) });
}, { passive: false });
page.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (keys.includes(event.key)) act({ kind: "key", key: event.key, shift: event.shiftKey });
  else if ([...event.key].length === 1) act({ kind: "text", text: event.key });
  else return;
  event.preventDefault();
});
addEventListener("paste", (event) => {
  if (document.activeElement !== page) return;
  const text = [...event.clipboardData.getData("text/plain")];
  const beyond = text.splice(textCharacters).length;
  act({ kind: "text", text: text.join("") });
  if (!beyond) return;
  remark = `Of what was pasted the first ${textCharacters} characters were taken; ${beyond} were left out.`;
  say();
});
document.getElementById("bar").addEventListener("submit", (event) => {
  event.preventDefault();
  act({ kind: "go", address: address.value.includes("://") ? address.value : `https://${address.value}` });
});
document.getElementById("back").addEventListener("click", () => act({ kind: "back" }));
document.getElementById("finish").addEventListener("click", () => act({ kind: "finish" }));

async function draw() {
  const answer = await fetch("/picture");
  const old = shown;
  shown = URL.createObjectURL(await answer.blob());
  page.src = shown;
  if (old) URL.revokeObjectURL(old);
}

async function watch() {
  for (let number = 0; !ended;) {
    const view = await (await fetch(`/view?after=${number}`)).json();
    const seen = view.state;
    if (document.activeElement !== address && seen.address) address.value = seen.address;
    if (view.number !== number && view.picture) await draw();
    number = view.number;
    ended = view.ended;
    const loading = seen.waiting ? `${seen.waiting} requests under way. ` : "";
    if (seen.address !== undefined) told = `${loading}${seen.requests} requests so far. ${seen.said}`;
    say();
  }
  state.textContent = "The browser has ended; the page is being sealed. See the terminal. You can close this tab.";
}

watch().catch(() => {
  state.textContent = "The connection to Casefile has ended. See the terminal.";
});
