(() => {
  // Whether what is typed now would go into a field for a secret; nothing of what stands in it.
  if (!document.hasFocus()) return "nothing";
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at) return "nothing";
  if (at.localName === "iframe" || at.localName === "frame") return "frame";
  const said = `${at.type ?? ""} ${at.autocomplete ?? ""} ${at.name ?? ""} ${at.id ?? ""}`;
  if (/password|passwd|passcode|one-time-code|cc-(number|csc)/i.test(said)) return "secret";
  if (getComputedStyle(at).webkitTextSecurity !== "none") return "secret";
  const open = ["input", "textarea", "select"].includes(at.localName) || at.isContentEditable;
  // What holds a closed tree does not show which of its fields has the focus.
  return open || at === document.body || at === document.documentElement ? "open" : "unknown";
})()
