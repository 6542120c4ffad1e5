(() => {
  window.scrollTo({ top: 0, behavior: "instant" });
  return true;
})()
