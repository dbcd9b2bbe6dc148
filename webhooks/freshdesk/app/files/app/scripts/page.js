/* The full page: whether the installation answers, and when it last read Freshdesk. */
const state = document.getElementById("state");

function told(answer) {
  if (answer.trouble) {
    return word("stateTrouble");
  }
  if (!answer.read_at) {
    return word("stateNever");
  }
  return word("stateRead").replace("{at}", new Date(answer.read_at).toLocaleString(LANGUAGE));
}

async function show() {
  try {
    const client = await app.initialized();
    const answer = await client.request.invokeTemplate("getState", {});
    state.textContent = told(JSON.parse(answer.response));
  } catch (error) {
    state.textContent = explained(error.status);
  }
}

show();
