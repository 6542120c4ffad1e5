"use strict";
// Shows pictures of the contained browser, and passes on what is done to them.
const page = document.getElementById("page");
const address = document.getElementById("address");
const state = document.getElementById("state");
const keys = ["Backspace", "Tab", "Enter", "Escape", "PageUp", "PageDown", "End", "Home",
  "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown", "Delete"];
let waiting = [], sending = false, shown = "", pressed = false, moved = 0, ended = false;

const act = (event) => {
  waiting.push(event);
  send();
};

async function send() {
  if (sending || !waiting.length) return;
  sending = true;
  const events = waiting.splice(0, 50);
  try {
    await fetch("/input", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(events) });
  } finally {
    sending = false;
  }
  send();
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
  if (document.activeElement === page) act({ kind: "text", text: event.clipboardData.getData("text/plain") });
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
    const told = view.state;
    if (document.activeElement !== address && told.address) address.value = told.address;
    if (view.number !== number && view.picture) await draw();
    number = view.number;
    ended = view.ended;
    const loading = told.waiting ? `${told.waiting} requests under way. ` : "";
    if (told.address !== undefined) state.textContent = `${loading}${told.requests} requests so far. ${told.said}`;
  }
  state.textContent = "The browser has ended; the page is being sealed. See the terminal. You can close this tab.";
}

watch().catch(() => {
  state.textContent = "The connection to Casefile has ended. See the terminal.";
});
