// Opens Observatory inside Canvas's frame, where a browser may hand no cookie back.
// The login page: cookies if they work, else Canvas's storage, else a new tab.
// The storage page: reads the secret back from Canvas's storage and posts it with the launch.
"use strict";

(() => {
  const PATIENCE = 2000; // milliseconds for one answer

  // Post a message and wait for the answer that carries its id. With a known origin, only that origin may
  // read the message or answer it; with "*", only the window asked may answer (LTI postMessages).
  function ask(recipient, origin, message) {
    return new Promise((resolve, reject) => {
      const id = Array.from(crypto.getRandomValues(new Uint32Array(4)), String).join("-");
      const finish = (settle, value) => {
        window.removeEventListener("message", listen);
        clearTimeout(timer);
        settle(value);
      };
      const listen = (event) => {
        const trusted = origin === "*" ? event.source === recipient : event.origin === origin;
        const answer = event.data;
        if (!trusted || !answer || answer.message_id !== id) return;
        if (answer.subject !== `${message.subject}.response`) return;
        if (answer.error) finish(reject, answer.error);
        else finish(resolve, answer);
      };
      const timer = setTimeout(() => finish(reject, "no answer"), PATIENCE);
      window.addEventListener("message", listen);
      recipient.postMessage({ ...message, message_id: id }, origin);
    });
  }

  // The frame that Canvas names. In the rich content editor it may be missing.
  function namedFrame(canvas, name) {
    if (name === "_parent") return canvas;
    try {
      return canvas.frames[name] || null;
    } catch {
      return null;
    }
  }

  async function askStorage(place, message) {
    const canvas = window.opener || window.parent;
    const frame = namedFrame(canvas, place.storageTarget);
    if (frame) {
      try {
        return await ask(frame, place.storageOrigin, message);
      } catch {
        // Canvas takes the message at its own window, too.
      }
    }
    return ask(canvas, "*", message);
  }

  async function login(page) {
    const { probe, authorizeUrl, storageTarget, storageKey, browser } = page.dataset;
    const go = () => window.location.replace(authorizeUrl);
    const choices = page.querySelector("[data-choices]");
    choices.hidden = true;

    if (document.cookie.split("; ").some((cookie) => cookie.startsWith(`${probe}=`))) return go();
    if (storageTarget) {
      try {
        await askStorage(page.dataset, { subject: "lti.put_data", key: storageKey, value: browser });
        return go();
      } catch {
        // No storage either.
      }
    }
    choices.hidden = false;
    choices.querySelector("[data-blocked]").hidden = false;
    choices.querySelector("[data-continue]").hidden = true;
    page.querySelector("[role=status]").hidden = true;
    choices.querySelector("a").focus();
  }

  async function launch(form) {
    try {
      const answer = await askStorage(form.dataset, { subject: "lti.get_data", key: form.dataset.storageKey });
      form.elements.browser.value = answer.value || "";
    } catch {
      // The server says what to do next.
    }
    form.submit();
  }

  const loginPage = document.getElementById("lti-login");
  const storagePage = document.getElementById("lti-storage");
  if (loginPage) login(loginPage);
  if (storagePage) launch(storagePage);
})();
