// Comforts only: every page works without this file.
"use strict";

(() => {
  const root = document.documentElement;
  const said = document.getElementById("said"); // what a screen reader shall hear

  // A QR code carries the code in the address's fragment, which no server ever sees.
  const field = document.querySelector("[data-code-from-address]");
  const takeCode = () => {
    const fragment = window.location.hash.slice(1);
    if (!/^[\w-]{4,40}$/.test(fragment) || fragment === "main") return;
    field.value = fragment;
    history.replaceState(null, "", window.location.pathname + window.location.search);
  };
  if (field) {
    takeCode();
    window.addEventListener("hashchange", takeCode); // a second code, while the page is open
    document.querySelector("[data-takes-code]")?.addEventListener("click", (event) => {
      event.currentTarget.hash = field.value.replace(/\s/g, ""); // it was typed, or came with the letter
    });
  }

  function offerPrinting(button) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Canvas closes the window in which it had us register (LTI Dynamic Registration 1.0, 3.5).
  function offerClosing(button) {
    if (window.parent === window) return;
    button.hidden = false;
    button.addEventListener("click", () =>
      window.parent.postMessage({ subject: "org.imsglobal.lti.close" }, "*"));
  }

  function offerCopying(code) {
    if (!navigator.clipboard) return;
    const { copy, copied } = code.dataset;
    const button = document.createElement("button");
    const say = (word) => {
      button.textContent = word;
      if (!code.labels) button.setAttribute("aria-label", `${word}: ${code.textContent}`); // else it is long
    };
    Object.assign(button, { type: "button", className: "quiet" });
    say(copy);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        say(copied);
        said.textContent = copied;
        setTimeout(say, 3000, copy);
      } catch {
        if (code.select) code.select();
        else getSelection().selectAllChildren(code); // not allowed in this frame: ready to be copied by hand
      }
    });
    code.after(" ", button);
  }

  // The roster: tick everybody, count the ticked, find a name.
  function ease(form) {
    const rows = [...form.querySelectorAll("tbody tr")];
    const box = (row) => row.querySelector("[type=checkbox]");
    const visible = () => rows.filter((row) => !row.hidden);
    const tools = form.querySelector("[data-tools]");
    const all = tools.querySelector("[data-all]");
    const find = tools.querySelector("[data-find]");
    const count = tools.querySelector("[data-count]");
    tools.hidden = false;

    const recount = () => {
      const ticked = rows.filter((row) => box(row).checked).length;
      const shown = visible();
      all.checked = shown.length > 0 && shown.every((row) => box(row).checked);
      all.indeterminate = ticked > 0 && !all.checked;
      count.textContent = ticked;
    };
    if (all) {
      all.addEventListener("change", () => {
        for (const row of visible()) box(row).checked = all.checked;
        recount();
      });
      form.addEventListener("change", recount);
      recount(); // a browser may keep ticks when one comes back
    }

    const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    find.addEventListener("input", () => {
      for (const row of rows) row.hidden = !plain(row.textContent).includes(plain(find.value.trim()));
      form.querySelector("[data-nobody-found]").hidden = visible().length > 0;
      if (all) recount();
    });
    find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // it looks for a name; it does not make codes
    });
  }

  function enhance(part) {
    part.querySelectorAll("[data-print]").forEach(offerPrinting);
    part.querySelectorAll("[data-close]").forEach(offerClosing);
    part.querySelectorAll("[data-copy]").forEach(offerCopying);
    part.querySelectorAll("form:has([data-tools])").forEach(ease);
    part.querySelector("[data-onward]")?.form.requestSubmit(); // what was waited for is there
  }
  enhance(document);

  // A pressed button shows that something happens, and works once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("aria-busy") === "true") return event.preventDefault();
    if (form.target === "_blank") return;
    form.setAttribute("aria-busy", "true");
    event.submitter?.classList.add("pressed");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
    for (const button of document.querySelectorAll(".pressed")) button.classList.remove("pressed");
  });

  // Parts that htmx fetches: say the gist of what came, and what to do if nothing did.
  const words = (node) => node.textContent.replace(/\s+/g, " ").trim();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, serverResponse } = event.detail;
    const answer = new DOMParser().parseFromString(serverResponse, "text/html").body;
    if (words(answer) === words(target)) event.detail.shouldSwap = false; // nothing new
  });
  document.addEventListener("htmx:load", (event) => {
    const part = event.detail.elt;
    if (part === document.body) return;
    const whole = part.closest("[data-fetched]") || part;
    if (whole.dataset.fetched === "done") return; // each of its elements is announced
    whole.dataset.fetched = "done";
    whole.removeAttribute("aria-busy");
    enhance(whole);
    const gist = whole.querySelector("[data-gist]");
    if (gist) said.textContent = words(gist);
  });
  document.addEventListener("htmx:sendError", (event) => {
    const lost = event.target.querySelector("[data-lost]");
    if (!lost) return;
    event.target.removeAttribute("aria-busy");
    event.target.querySelector(".waiting").hidden = true;
    lost.hidden = false;
  });

  // Inside Canvas's frame: as tall as the page (and the frame's border), for one scroll bar and not two.
  // Only a new height is told. What is told never depends on the height we get, so it comes to rest.
  if (root.classList.contains("framed") && window.parent !== window) {
    window.parent.postMessage({ subject: "lti.scrollToTop" }, "*"); // a new page is read from its beginning
    let told = 0;
    const tell = () => {
      const height = Math.ceil(document.body.getBoundingClientRect().height) + 4;
      if (height === told) return;
      told = height;
      window.parent.postMessage({ subject: "lti.frameResize", height }, "*");
    };
    new ResizeObserver(() => requestAnimationFrame(tell)).observe(document.body);
  }
})();
