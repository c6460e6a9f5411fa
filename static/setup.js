// What this browser lets a page inside Canvas's frame keep. Changes nothing: what it writes it takes back.
"use strict";

(() => {
  const PATIENCE = 2000; // milliseconds for one answer of Canvas
  const NAME = "observatory_check";
  const part = document.querySelector("[data-browser-check]");

  // LTI Platform Storage 1.0; Canvas takes the messages at its own window.
  function ask(message) {
    return new Promise((resolve) => {
      const canvas = window.opener || window.parent;
      const id = crypto.randomUUID();
      const finish = (answer) => {
        window.removeEventListener("message", listen);
        resolve(answer);
      };
      const listen = ({ source, data }) => {
        if (source === canvas && data && data.message_id === id) finish(data);
      };
      setTimeout(finish, PATIENCE, null);
      window.addEventListener("message", listen);
      canvas.postMessage({ ...message, message_id: id }, "*");
    });
  }

  async function platform() {
    if (window.parent === window && !window.opener) return false;
    await ask({ subject: "lti.put_data", key: NAME, value: "kept" });
    const answer = await ask({ subject: "lti.get_data", key: NAME });
    ask({ subject: "lti.put_data", key: NAME, value: "" });
    return Boolean(answer) && answer.value === "kept";
  }

  function cookie() {
    const write = (rest) => { document.cookie = `${NAME}=kept; Path=/; Secure; SameSite=None; Partitioned${rest}`; };
    write("");
    const kept = document.cookie.includes(`${NAME}=kept`);
    write("; Max-Age=0");
    return kept;
  }

  function storage() {
    try {
      localStorage.setItem(NAME, "kept");
      localStorage.removeItem(NAME);
      return true;
    } catch {
      return false;
    }
  }

  function tell(name, good) {
    const row = part.querySelector(`[data-check=${name}]`);
    row.classList.remove("waiting");
    row.querySelector(good ? "[data-good]" : "[data-bad]").hidden = false;
    return good;
  }

  async function check() {
    part.querySelector("ul").hidden = false;
    const cookies = tell("cookie", cookie());
    tell("storage", storage());
    const kept = tell("platform", await platform());
    part.querySelector(cookies || kept ? "[data-enough]" : "[data-short]").hidden = false;
  }
  check();
})();
