// Comforts only: every page works without this file.
"use strict";

(() => {
  // A QR code carries the code in the address's fragment, which no server ever sees.
  const field = document.querySelector("[data-code-from-address]");
  const fragment = decodeURIComponent(window.location.hash.slice(1));
  if (field && /^[\w\s-]{4,40}$/.test(fragment)) {
    field.value = fragment;
    history.replaceState(null, "", window.location.pathname + window.location.search);
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Inside Canvas's frame: as tall as the page, so that there is one scroll bar and not two.
  if (document.body.classList.contains("framed") && window.parent !== window) {
    const tell = () => window.parent.postMessage(
      { subject: "lti.frameResize", height: document.documentElement.scrollHeight }, "*");
    new ResizeObserver(tell).observe(document.body);
  }
})();
