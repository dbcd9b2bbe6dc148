/* Beside a ticket: asks Zendesk which ticket is open, and puts the answers of this installation into the page. */
"use strict";

(function () {
  const client = typeof ZAFClient === "undefined" ? false : ZAFClient.init();
  const look = document.getElementById("look");

  function content() {
    return document.getElementById("content");
  }

  function resize() {
    if (client && look) {
      client.invoke("resize", { width: "100%", height: Math.max(80, document.body.scrollHeight + 8) + "px" });
    }
  }

  function say(text) {
    const line = document.createElement("p");
    line.className = "quiet";
    line.setAttribute("role", "status");
    line.textContent = text;
    content().replaceChildren(line);
    resize();
  }

  function put(html) {
    const found = new DOMParser().parseFromString(html, "text/html").getElementById("content");
    content().replaceWith(document.importNode(found, true));
    if (look && content().dataset.page) {
      look.elements.page.value = content().dataset.page;
    }
    resize();
  }

  async function send(form, button) {
    const body = new FormData(form);
    if (button && button.name) {
      body.append(button.name, button.value);
    }
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(body), credentials: "omit" });
      put(await answer.text());
    } catch (error) {
      say(content().dataset.away);
    }
  }

  async function lookAtTheTicket() {
    const found = await client.get("ticket.id");
    const id = found["ticket.id"];
    if (!id) {
      say(content().dataset.unsaved);
      return;
    }
    look.elements.ticket.value = String(id);
    await send(look);
  }

  document.addEventListener("submit", function (event) {
    event.preventDefault();
    event.target.querySelectorAll("button").forEach(function (button) { button.disabled = true; });
    send(event.target, event.submitter);
  });

  if (!look) {
    return;
  }
  if (!client) {
    say(content().dataset.outside);
    return;
  }
  client.on("app.activated", lookAtTheTicket);
  client.on("ticket.saved", lookAtTheTicket);
  lookAtTheTicket().catch(function () { say(content().dataset.away); });
}());
