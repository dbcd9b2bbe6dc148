/* A thin forwarder: what happened to a ticket and who did it, as ids, codes and times. Never a text, a name, an address. */

/* The fields that are read there; webhooks/freshdesk/app_events.py has the same list. */
const RECORD_FIELDS = [
  "agent_id", "archive", "changes", "created_at", "executed_at", "field_type", "group_id", "id", "incoming", "name",
  "priority", "private", "responder_id", "source", "status", "tags", "ticket_id", "time_spent", "timer_running",
  "updated_at"
];
/* Of what changed; anything else may hold a customer's words. */
const CHANGE_FIELDS = ["deleted", "group_id", "priority", "responder_id", "spam", "status", "tags"];
/* Fields of tickets are named by whoever made them, so only what tells the one of statuses goes out. */
const STATUS_FIELD = "default_status";

/* A call that did not arrive is made again after so many minutes; then regular pulls find what they can. */
const AGAIN_AFTER_MIN = [10, 60, 360];
const LARGEST_KEPT = 3500; /* signs; the platform keeps 4 KB for what is scheduled */

function picked(source, fields) {
  const found = {};
  fields.forEach(function copy(field) {
    if (source && source[field] !== undefined) {
      found[field] = source[field];
    }
  });
  return found;
}

function slim(record, changes) {
  const found = picked(record, RECORD_FIELDS.filter(function plain(field) {
    return field !== "changes" && field !== "name";
  }));
  const changed = (record && record.changes) || changes;
  if (changed) {
    found.changes = picked(changed, CHANGE_FIELDS);
  }
  return found;
}

function isWorthAnother(status) {
  return !status || status === 408 || status === 429 || status >= 500;
}

/* The status of the answer; 0 when there was none. */
async function post(body) {
  try {
    const answer = await $request.invokeTemplate("postEvent", { body: JSON.stringify(body) });
    return answer.status;
  } catch (error) {
    return error.status || 0;
  }
}

async function sendAgainLater(body, tries) {
  const minutes = AGAIN_AFTER_MIN[tries];
  const data = { kind: "again", tries: tries + 1, body: body };
  if (minutes === undefined || JSON.stringify(data).length > LARGEST_KEPT) {
    console.error("given up", body.event);
    return;
  }
  try {
    await $schedule.create({
      name: ["again", body.event, body.record.id || 0, Math.round(body.timestamp * 1000), tries].join("_"),
      data: data,
      schedule_at: new Date(Date.now() + minutes * 60000).toISOString()
    });
  } catch (error) {
    console.error("could not be scheduled", body.event, error.status);
  }
}

async function deliver(body, tries) {
  const status = await post(body);
  if (status >= 200 && status < 300) {
    return;
  }
  console.error("not taken", body.event, status);
  if (isWorthAnother(status)) {
    await sendAgainLater(body, tries);
  }
}

async function forward(event, args, name) {
  const data = args.data;
  await deliver({
    event: event,
    timestamp: args.timestamp,
    actor: picked(data.actor, ["id", "type"]),
    record: slim(data[name], data.changes)
  }, 0);
}

async function forwardField(event, args) {
  const field = args.data.ticket_field || {};
  if (field.field_type === STATUS_FIELD || field.name === "status") {
    await deliver({ event: event, timestamp: args.timestamp, actor: picked(args.data.actor, ["id", "type"]),
      record: { id: field.id, field_type: STATUS_FIELD } }, 0);
  }
}

function whyNot(status) {
  if (status === 401) {
    return "The secret is not accepted. Run helpdesk-wellbeing secrets show for this account and copy it anew.";
  }
  return status ? "Your installation answered with " + status + "; look at its log, then install again."
    : "Your installation does not answer; check that its address can be reached from the internet.";
}

exports = {
  onAppInstallHandler: async function (args) {
    const status = await post({ event: "onAppInstall", timestamp: args.timestamp });
    if (status >= 200 && status < 300) {
      renderData();
    } else {
      renderData({ message: whyNot(status) });
    }
  },

  onAppUninstallHandler: function () {
    renderData();
  },

  onScheduledEventHandler: async function (args) {
    if (args.data && args.data.kind === "again") {
      await deliver(args.data.body, args.data.tries);
    }
  },

  onTicketCreateHandler: async function (args) {
    await forward("onTicketCreate", args, "ticket");
  },

  onTicketUpdateHandler: async function (args) {
    await forward("onTicketUpdate", args, "ticket");
  },

  onTicketDeleteHandler: async function (args) {
    await forward("onTicketDelete", args, "ticket");
  },

  onConversationCreateHandler: async function (args) {
    await forward("onConversationCreate", args, "conversation");
  },

  onConversationUpdateHandler: async function (args) {
    await forward("onConversationUpdate", args, "conversation");
  },

  onTimeEntryCreateHandler: async function (args) {
    await forward("onTimeEntryCreate", args, "time_entry");
  },

  onTimeEntryUpdateHandler: async function (args) {
    await forward("onTimeEntryUpdate", args, "time_entry");
  },

  onTimeEntryDeleteHandler: async function (args) {
    await forward("onTimeEntryDelete", args, "time_entry");
  },

  onTicketFieldCreateHandler: async function (args) {
    await forwardField("onTicketFieldCreate", args);
  },

  onTicketFieldDeleteHandler: async function (args) {
    await forwardField("onTicketFieldDelete", args);
  }
};
