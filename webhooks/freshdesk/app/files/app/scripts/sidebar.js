/* Beside a ticket: what is suggested for it. Who looks is not proven here, so it is decided on the installation's page. */
const said = document.getElementById("said");
const next = document.getElementById("next");
const decide = document.getElementById("decide");

function shown(answer) {
  said.textContent = answer.text || word("nothing");
  said.className = answer.text ? "box" : "quiet";
  next.hidden = !answer.path;
  if (answer.path) {
    decide.href = new URL(answer.path, decide.href).href;
  }
}

async function look(client) {
  try {
    const found = await client.data.get("ticket");
    const context = { ticket: String(found.ticket.id), language: LANGUAGE };
    const answer = await client.request.invokeTemplate("getSuggestion", { context: context });
    shown(JSON.parse(answer.response));
  } catch (error) {
    said.textContent = explained(error.status);
  }
}

async function begin() {
  const client = await app.initialized();
  client.events.on("app.activated", function again() {
    look(client);
  });
}

begin();
