(() => {
  // What the page says of itself, read in a world of its own: the page's scripts neither see nor change it.
  const most = { text: 60000, value: 2000, list: 1000 };
  const cut = (value, limit = most.value) => String(value ?? "").slice(0, limit);
  const all = (selector) => Array.from(document.querySelectorAll(selector)).slice(0, most.list);
  const roots = [];
  const walk = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.shadowRoot && roots.length < most.list) {
        roots.push(one.shadowRoot);
        walk(one.shadowRoot);
      }
    }
  };
  walk(document);
  const everywhere = (selector) =>
    [document, ...roots].flatMap((root) => Array.from(root.querySelectorAll(selector))).slice(0, most.list);
  const count = (selector) => [document, ...roots].reduce((sum, root) => sum + root.querySelectorAll(selector).length, 0);
  const medium = (one) => {
    const box = one.getBoundingClientRect();
    return {
      kind: one.localName,
      locator: cut(one.currentSrc || one.src || one.href?.baseVal || one.poster, 65536),
      poster: cut(one.poster, 65536),
      alternative: cut(one.alt),
      width: one.naturalWidth || one.videoWidth || 0,
      height: one.naturalHeight || one.videoHeight || 0,
      shown_width: Math.round(box.width),
      shown_height: Math.round(box.height),
      complete: one.complete ?? one.readyState >= 1,
    };
  };
  const shadowText = roots.map((root) => Array.from(root.children).map((one) => one.innerText ?? "").join("\n"));
  const text = [document.body?.innerText ?? document.documentElement?.textContent ?? "", ...shadowText].join("\n");
  return {
    address: cut(document.URL, 65536),
    title: cut(document.title, 1000),
    heading: cut(everywhere("h1,h2").map((one) => one.innerText ?? "").find((one) => one.trim()), 1000),
    language: cut(document.documentElement?.lang, 100),
    direction: cut(document.documentElement?.dir || getComputedStyle(document.documentElement).direction, 10),
    charset: cut(document.characterSet, 40),
    canonical: cut(document.querySelector("link[rel~=canonical]")?.href, 65536),
    last_modified: cut(document.lastModified, 40),
    meta: all("meta[content]").map((one) => ({
      name: cut(one.getAttribute("property") || one.name || one.getAttribute("itemprop") || one.httpEquiv, 100).toLowerCase(),
      content: cut(one.content),
    })).filter((one) => one.name),
    times: all("time[datetime]").slice(0, 200).map((one) => ({ datetime: cut(one.dateTime, 100), text: cut(one.innerText, 200) })),
    linked_data: all("script[type='application/ld+json']").slice(0, 20).map((one) => cut(one.textContent, 20000)),
    media: everywhere("img,video,audio,image,input[type=image]").map(medium),
    frames: everywhere("iframe,frame").map((one) => cut(one.src, 2000)),
    marks: all("[class],[id],[src],[action]").slice(0, 400).flatMap((one) =>
      ["class", "id", "src", "action"].map((name) => cut(one.getAttribute(name), 200).toLowerCase()).filter(Boolean)),
    counts: {
      elements: count("*"),
      links: count("a[href]"),
      password_fields: count("input[type=password i]"),
      pictures: count("img,canvas,svg"),
      media: count("video,audio"),
      scripts: count("script"),
      frames: count("iframe,frame"),
      shadow_roots: roots.length,
    },
    text: cut(text, most.text),
    text_cut: text.length > most.text,
  };
})()
