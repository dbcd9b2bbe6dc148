/* The Freshworks platform around server.js: its sandbox, and $request, $schedule and renderData as it documents them.
   Reads what is to happen from stdin, prints what the app did. */
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const told = JSON.parse(fs.readFileSync(0, "utf8"));
const templates = JSON.parse(fs.readFileSync(path.join(told.folder, "config/requests.json"), "utf8"));
const did = { sent: [], scheduled: [], rendered: [], logged: [] };
const spoilt = [...(told.statuses || [])]; /* answers of a network that loses calls, before real ones */

function filled(text, context) {
  return text.replace(/<%= (iparam|context)\.(\w+) %>/g, (all, place, name) =>
    String((place === "iparam" ? told.iparams : context)[name]));
}

async function invokeTemplate(name, options) {
  const schema = templates[name].schema;
  const context = options.context || {};
  const headers = Object.fromEntries(Object.entries(schema.headers).map(([key, value]) => [key, filled(value, context)]));
  const address = filled(schema.path, context);
  did.sent.push({ template: name, host: schema.host, path: address, headers: headers, body: options.body });
  if (spoilt.length) {
    throw { status: spoilt.shift(), response: "" };
  }
  const answer = await fetch(told.base + address, { method: schema.method, headers: headers, body: options.body });
  const response = await answer.text();
  did.sent.at(-1).status = answer.status;
  if (!answer.ok) {
    throw { status: answer.status, response: response };
  }
  return { status: answer.status, response: response };
}

const sandbox = {
  exports: {},
  console: { error: (...words) => did.logged.push(words.join(" ")), log: (...words) => did.logged.push(words.join(" ")) },
  renderData: (...given) => did.rendered.push(given),
  $request: { invokeTemplate: invokeTemplate },
  $schedule: { create: async (what) => { did.scheduled.push(what); return {}; } }
};
vm.createContext(sandbox);
vm.runInContext(fs.readFileSync(path.join(told.folder, "server/server.js"), "utf8"), sandbox);

(async function run() {
  for (const call of told.calls) {
    await sandbox.exports[call.handler](call.args);
  }
  process.stdout.write(JSON.stringify(did));
}());
