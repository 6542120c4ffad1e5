(() => {
  // What a visitor reads in one frame; nothing of one that is too small to show anything.
  if (window.innerWidth < 8 || window.innerHeight < 8) return "";
  return String(document.body?.innerText ?? "").slice(0, 20000);
})()
