(() => {
  // One window further down; says where that is, and how high the page is now.
  const root = document.scrollingElement ?? document.documentElement;
  window.scrollBy({ top: Math.max(200, window.innerHeight - 80), behavior: "instant" });
  return { top: Math.round(root.scrollTop), window: window.innerHeight, height: root.scrollHeight };
})()
