(() => {
  // Answers a request for consent, refusing where that can be done by one click; clicks once, or not at all.
  const refuse = /^(reject all|reject|decline|decline all|refuse all|only necessary|necessary only|continue without accepting|alle ablehnen|ablehnen|nur notwendige|tout refuser|refuser|continuer sans accepter|rechazar todo|rechazar|rifiuta tutto|rifiuta|rejeitar tudo|отклонить все|отклонить|відхилити все|відхилити|رفض الكل|رفض|tümünü reddet|reddet|رد همه)$/i;
  const accept = /^(accept all|accept|i agree|agree|allow all|got it|ok|alle akzeptieren|akzeptieren|zustimmen|tout accepter|accepter|aceptar todo|aceptar|accetta tutto|accetta|aceitar tudo|принять все|принять|прийняти все|قبول الكل|قبول|موافق|tümünü kabul et|kabul et|پذیرش همه)$/i;
  const place = /consent|cookie|gdpr|privacy|cmp|onetrust|didomi|banner/i;
  const named = (one) => (one.innerText || one.value || one.ariaLabel || "").trim().replace(/\s+/g, " ");
  const about = (one) => {
    for (let at = one, depth = 0; at && depth < 12; at = at.parentElement ?? at.getRootNode()?.host, depth += 1) {
      if (place.test(`${at.id} ${at.className} ${at.getAttribute?.("aria-label") ?? ""}`)) return true;
    }
    return false;
  };
  const found = Array.from(document.querySelectorAll("button,[role=button],input[type=button],input[type=submit],a"))
    .filter((one) => one.getClientRects().length && about(one));
  for (const [answer, words] of [["refused", refuse], ["accepted", accept]]) {
    const one = found.find((each) => words.test(named(each)));
    if (one) {
      one.click();
      return { answer, clicked: named(one).slice(0, 100) };
    }
  }
  return { answer: "none", clicked: "" };
})()
