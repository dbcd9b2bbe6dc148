"""The program's lines about problems, and what pages say instead; see `problems`.

A form is the line with the names of its values in braces. `why` and `hint` are lines themselves, `all` is several with
semicolons between; other names have their words in `problems`. Values that a page does not need are left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk_wellbeing.said import N_
from helpdesk_wellbeing.web import helpdesk_texts

_SETTINGS = {
    '{who}: "{agent}" is not their number in the helpdesk': N_("“%(agent)s” is not their number in the helpdesk."),
    "{account}: agreement: {all}": "%(all)s",
    "{account}: nobody can be written to: {reason}": N_("Nobody can be written to yet. The page says what is missing."),
    "{field}: {why}": N_("%(field)s: %(why)s"),
    "{account}: how it acts: {field}: {why}; set it with act set": N_("%(field)s: %(why)s"),
    "{account}: how people sign in: {field}: {why}; see access set --help": N_("%(field)s: %(why)s"),
    "{account}: notices: {field}: {why}": N_("%(field)s: %(why)s"),
    "{account}: notices: {why}": "%(why)s",
    "Value error, {why}": "%(why)s",
    "Input should be a valid integer, {rest}": N_("this is no whole number"),
    "Input should be a valid integer": N_("this is no whole number"),
    "Input should be greater than or equal to {least}": N_("at least %(least)s"),
    "Input should be less than or equal to {most}": N_("at most %(most)s"),
    "Input should be {one} or {other}": N_("this is none of the choices"),
    "Input should be {one}": N_("this does not fit"),
    "String should match pattern {pattern}": N_("this cannot be read"),
    "String should have at least {count} character": N_("this is empty"),
    "String should have at least {count} characters": N_("this is too short"),
    "String should have at most {count} characters": N_("at most %(count)s signs"),
    "Tuple should have at least 1 item after validation, not 0": N_("this is empty"),
    "Field required": N_("this is missing"),
    "must be a plain mail address, such as wellbeing@example.com": N_("a plain address, such as wellbeing@example.com"),
    "must be one line": N_("one line"),
    "must be a time such as 08:00": N_("a time such as 08:00"),
    "must be https://host, or http:// on loopback, without a path": N_(
        "https:// and a host, without anything behind it; such as https://wellbeing.example.com"
    ),
    "must be https://host…, without a query; http:// on loopback only": N_(
        "an address that begins with https://, without a question mark in it"
    ),
    "every room needs a name of its own": N_("Every room needs a name of its own."),
    "the role lead goes with a team, the other roles with none": N_("Only team leads have a team."),
    "between quiet_until and quiet_from there must be an hour; the night is always quiet": N_(
        "Between the end of the quiet time and its beginning there must be at least an hour; the night is always quiet."
    ),
    "agents always see what is said of them; name agent, too": N_("Agents always see what is said of them."),
    # the agreement
    "{account}: agreed on {day}? That day is yet to come": N_("%(day)s is yet to come."),
    "{account}: assessment of risks (DPIA) on {day}? That day is yet to come": N_("%(day)s is yet to come."),
    "{account}: nothing is agreed yet; record an agreement: helpdesk-wellbeing agreement record": N_(
        "Nothing is agreed yet, so there is nothing to change. Record what was agreed."
    ),
    "{account}: {field} can only come with a new agreement: helpdesk-wellbeing agreement record": N_(
        "%(field)s: this can only come with a new agreement."
    ),
    '"{word}" is no signal{hint}; there are: {choices}, or all': N_("“%(word)s” is none of the signals."),
    "{kept} {weeks} weeks: the shortest possible is {least}, because {why}": N_(
        "%(kept)s: %(least)s weeks are the shortest possible, because %(why)s"
    ),
    # how long what is kept
    "retention: '{data}' is not a class of data; there are {choices}": N_("“%(data)s” is no class of data."),
    "retention: {data} {days}: the number of days is from 1 to {most}": N_("%(data)s: from 1 to %(most)s days."),
    "signals look back so far": N_("signals look back so far"),
    "planning looks back so far": N_("planning looks back so far"),
    "surveys look back so far, so that nobody is asked too often": N_(
        "surveys look back so far, so that nobody is asked too often"
    ),
    "what was done can be checked for a year": N_("what was done can be checked for a year"),
    "helpdesks send again": N_("helpdesks send again"),
    "it is needed so long": N_("it is needed so long"),
    # who may sign in
    "{account}: its helpdesk is not Zendesk; let people sign in with --oidc-issuer": N_(
        "This helpdesk is not Zendesk. Let people sign in with your own provider."
    ),
    "{account}: signing in needs an OAuth client of Zendesk; give --zendesk-client-id": N_(
        "Signing in needs an OAuth client of Zendesk. Connect the helpdesk with one first."
    ),
    "{account}: a provider on this machine is for accounts on this machine only": N_(
        "A provider on this machine is for test helpdesks on this machine only."
    ),
    "{who}: give a role ({roles}) or, for an agent, their id in the helpdesk": N_(
        "%(who)s: choose at least one role. Agents and team leads need none; they come from the helpdesk."
    ),
    "{who}: a name is one line of at most {most} signs": N_("%(who)s: a name is one line of at most %(most)s signs."),
    "{account}: {who} is no member; access list --account {again} shows them": N_(
        "%(who)s is not let in; nothing was changed."
    ),
    "{account}: {who} is the last admin; make somebody else an admin first": N_(
        "%(who)s is the last admin. Make somebody else an admin first."
    ),
    '"{role}" cannot be given; roles are {roles}. Agents and leads are who the helpdesk and the people file say': N_(
        "“%(role)s” cannot be given. Roles are: %(roles)s. Who is an agent or a lead comes from the helpdesk "
        "and the people file."
    ),
    # notices
    "the {kind} webhook: only https on port 443, without a user; such as {example}": N_(
        "This is no address that %(kind)s gives out. It looks like %(example)s"
    ),
    "the {kind} webhook: this host is none of {again}'s; an address is such as {example}": N_(
        "This is no address that %(kind)s gives out. It looks like %(example)s"
    ),
    "the {kind} webhook: this is no address; copy it whole, such as {example}": N_(
        "This is no address. Copy it whole; it looks like %(example)s"
    ),
    "the {kind} webhook: this is no address; such as {example}": N_(
        "This is no address. Copy it whole; it looks like %(example)s"
    ),
    "the teams webhook: Microsoft switched these connectors off in May 2026; make a workflow in the channel "
    '("Send webhook alerts to a channel") and take its address': N_(
        "Microsoft switched these addresses off in May 2026. Make a workflow in the channel (“Send webhook "
        "alerts to a channel”) and take its address."
    ),
    "{account}: the room {room} has no webhook; notices set --account {again} --room …": N_(
        "The room %(room)s has no address any more. Add it anew."
    ),
    "{account}: notices lead to pages, and nobody said where those are; act set --account {again} "
    "--public-url https://…": N_(
        "Notices lead to these pages. First say under “What may happen” under which address people reach them."
    ),
    "{account}: there is neither a mail server nor a room; notices set --help": N_(
        "Name a mail server first, or add a room."
    ),
    "{account}: mail goes out encrypted; set --security starttls or tls": N_(
        "Mail goes out encrypted only. Choose STARTTLS or TLS."
    ),
    "{account}: a mail server's port is one of {ports}": N_("The port of a mail server is one of %(ports)s."),
    "{account}: there is no mail server; notices set --account {again} --smtp-host …": N_("No mail server is named."),
    "mail server {server}: the connection broke ({what}) while a mail was sent": N_(
        "The connection with %(server)s broke while a mail was sent."
    ),
    "mail server {server}: {why}": N_("Mail server %(server)s: %(why)s"),
    "its certificate does not hold ({what})": N_("its certificate is not trusted"),
    "user or password is not accepted ({code})": N_("user or password is not accepted"),
    "it does not offer {what}, so nothing is sent": N_(
        "it does not offer encryption or signing in, so nothing is sent"
    ),
    "it answered {code}": N_("it answered %(code)s"),
    "no connection ({what})": N_("no connection; look whether name and port are right"),
    "mail: {what} is not taken now ({code})": N_("The mail server does not take mails now (%(code)s)."),
    "mail: {what} is refused ({code})": N_("The mail server refused a sender or a recipient (%(code)s)."),
    "{kind}: its certificate does not hold": N_("%(kind)s: its certificate is not trusted"),
    "{kind}: no connection": N_("%(kind)s: no connection"),
    "{kind}: no answer after it was sent; it may have arrived": N_(
        "%(kind)s: no answer; it may have arrived all the same"
    ),
    "{kind}: the connection ended without an answer; it may have arrived": N_(
        "%(kind)s: no answer; it may have arrived all the same"
    ),
    "{kind}: too many messages (429)": N_("%(kind)s: too many messages at once"),
    "{kind}: the webhook does not take it ({status}); make a new one and give it to notices set": N_(
        "%(kind)s: the address does not work any more (%(status)s). Make a new one there, and add the room anew."
    ),
    "{kind}: it leads elsewhere ({status}); redirects are not followed": N_(
        "%(kind)s: the address leads elsewhere (%(status)s), so nothing is sent"
    ),
    "{kind}: no answer from behind its gateway ({status}); it may have arrived": N_(
        "%(kind)s: no answer; it may have arrived all the same"
    ),
    "{kind}: it fails ({status})": N_("%(kind)s: it has trouble itself (%(status)s)"),
    "{kind}: refused ({status})": N_("%(kind)s: refused (%(status)s)"),
    "{host}: there is no such host, or the network is away": N_(
        "%(host)s: there is no such host, or the network does not work"
    ),
    "{host} leads to an address that is not public; nothing is sent there": N_(
        "%(host)s leads to an address that is not public, so nothing is sent there."
    ),
    "it was being sent when the process ended; not sent again": N_(
        "it was being sent when the program ended; it is not sent again"
    ),
    "it could not be sent in time": N_("it could not be sent in time"),
    "somebody is reading the database": N_("somebody is reading the database"),
    # telling agents
    "say in at most {most} signs how people were told, such as: in the team meetings": N_(
        "Say in at most %(most)s signs how people were told, for example: in the team meetings."
    ),
    "{account}: agents told on {day}? Take a day that is not yet to come": N_(
        "%(day)s? Take a day that is not yet to come."
    ),
    "whom to ask is said in at most {most} signs": N_("Say in at most %(most)s signs whom to ask."),
    # looking back, and the simulated team
    "nothing has been read yet, so there is nothing to look back on": N_(
        "Nothing has been read yet, so there is nothing to look back on."
    ),
    "what was read is still being worked through; try again in a few minutes": N_(
        "What was read is still being worked through. Try again in a few minutes."
    ),
    "a minute was not enough to work through it all; what is done is kept, so begin again": N_(
        "A minute was not enough to work through it all. What is done is kept; begin again."
    ),
    "{what}: {trouble} in {place}; a defect of this program, please report it": N_(
        "This program made a mistake; please report it (%(trouble)s)."
    ),
}

_FILES = {
    "{file}: line {line} is not CSV ({problem}); nothing was taken": N_(
        "%(file)s: line %(line)s is no line of a CSV file."
    ),
    "{file}: the file is larger than {size} MiB; is it the event log?": N_(
        "%(file)s: the file is larger than %(size)s MB. Is it the right one?"
    ),
    "{file}: the file is UTF-16 or no text at all; save it as CSV (UTF-8)": N_(
        "%(file)s: this is no text that can be read. Save it as CSV (UTF-8)."
    ),
    "{file}: line {line} is not UTF-8; save the file as CSV (UTF-8)": N_(
        "%(file)s: line %(line)s has signs that cannot be read. Save it as CSV (UTF-8)."
    ),
    "{file}: line 1 has commas and semicolons, so it cannot be told where columns end; separate them by one "
    "of the two, in every line": N_(
        "%(file)s: line 1 has commas and semicolons. Separate the columns by one of the two, in every line."
    ),
    "{file}: the file is empty; the first line must name the columns: {columns}": N_(
        "%(file)s: the file is empty. Its first line names the columns: %(columns)s"
    ),
    "{file}: line 1: {all}; the columns are: {columns}": N_("%(file)s: line 1: %(all)s. The columns are: %(columns)s"),
    'no column "{column}" is known': N_("there is no column “%(column)s”"),
    'no column "{column}" is known; did you mean "{other}"?': N_(
        "there is no column “%(column)s”; did you mean “%(other)s”?"
    ),
    'column "{column}" stands there twice': N_("the column “%(column)s” stands there twice"),
    'column "{column}" is missing': N_("the column “%(column)s” is missing"),
    "{file}: no such file; check the path": N_("%(file)s: there is no such file."),
    "{file}: the file cannot be read ({problem}); check the path and its rights": N_(
        "%(file)s: the file cannot be read."
    ),
    "line {line}: {why}": N_("line %(line)s: %(why)s"),
    "and {count} more": N_("and %(count)s more"),
    "{why}; the header separates by semicolons: put lists and hours that have one inside in quotation marks": N_(
        "%(why)s. The columns are separated by semicolons, so put lists and hours that have one inside in "
        "quotation marks"
    ),
    "has {fields} fields, the header has {columns}": N_("has %(fields)s fields, the first line has %(columns)s"),
    "the same {columns} as line {line}": N_("the same %(columns)s as in line %(line)s"),
    "{column} is empty": N_("%(column)s is empty"),
    "{column}: {why}": N_("%(column)s: %(why)s"),
    "to ({last}) is before from ({first})": N_("the end (%(last)s) is before the beginning (%(first)s)"),
    "to must be after from": N_("the end must be after the beginning"),
    '"{word}" is not one of {choices}': N_("“%(word)s” is none of %(choices)s"),
    '"{word}" is not one of {choices}; did you mean "{other}"?': N_(
        "“%(word)s” is none of %(choices)s; did you mean “%(other)s”?"
    ),
    '"{word}" is not a number of hours a week (0.5 to 168)': N_("“%(word)s” is no number of hours a week (0.5 to 168)"),
    '"{word}" is not a share from 0 to 1': N_("“%(word)s” is no share from 0 to 1"),
    '"{word}" is not a tier; write 1, 2 or 3': N_("“%(word)s” is no tier; write 1, 2 or 3"),
    '"{word}" is not a date such as 2026-11-20': N_("“%(word)s” is no date such as 2026-11-20"),
    '"{word}" is neither yes nor no': N_("“%(word)s” is neither yes nor no (write the English words)"),
    '"{word}" is not a time zone; use a name such as "Europe/Berlin"': N_(
        "“%(word)s” is no time zone; it looks like Europe/Amsterdam"
    ),
    '"{word}" is not a time zone; did you mean "{other}"?; use a name such as "Europe/Berlin"': N_(
        "“%(word)s” is no time zone; did you mean “%(other)s”?"
    ),
    'schedule "{word}" names no hours; write it as "Mon-Fri 09:00-17:30; Sat 10:00-14:00"': N_(
        "“%(word)s” names no hours. Write them as Mon-Fri 09:00-17:30; Sat 10:00-14:00"
    ),
    'schedule "{word}": {why}; write it as "Mon-Fri 09:00-17:30; Sat 10:00-14:00"': N_(
        "%(why)s. Write hours as Mon-Fri 09:00-17:30; Sat 10:00-14:00"
    ),
    '"{word}" needs days and then hours': N_("“%(word)s” needs days and then hours"),
    '"{word}" is not a range of days': N_("“%(word)s” is no range of days"),
    '"{word}" is not a day (Mon, Tue, Wed, Thu, Fri, Sat, Sun)': N_(
        "“%(word)s” is no day (Mon, Tue, Wed, Thu, Fri, Sat, Sun)"
    ),
    '"{word}" is not a window such as 09:00-17:30': N_(
        "“%(word)s” is not from one time to another, such as 09:00-17:30"
    ),
    '"{word}" is empty; a whole day is 00:00-24:00': N_("“%(word)s” has no length; a whole day is 00:00-24:00"),
    '"{word}" is not a time of day': N_("“%(word)s” is no time of day"),
    'is not an ISO 8601 time with offset, such as "2026-11-20T14:30:00+01:00"': N_(
        "is no time with its distance from UTC, such as 2026-11-20T14:30:00+01:00"
    ),
    "is a time that no clock in {zone} showed (it went forward); is the zone right?": N_(
        "is a time that no clock in %(zone)s showed, as it went forward then"
    ),
    "has no offset": N_("lacks its distance from UTC, such as +01:00 at the end"),
    "two windows overlap on {day_name}": N_("two spans overlap on %(day_name)s"),
    "account {account}: {zone} is not a time zone; use a name such as Europe/Berlin": N_(
        "“%(zone)s” is no time zone; it looks like Europe/Amsterdam"
    ),
}

_DECIDING = {
    "proposal {id} was measured anew at {moment} UTC; look at it again": N_(
        "It was measured anew on %(moment)s; look at it again."
    ),
    "proposal {id} cannot be put back: another one for the same waits by now": N_(
        "It cannot be put back: another one for the same waits by now."
    ),
    "proposal {id} is {state}": N_("It was decided or withdrawn in the meantime."),
    "proposal {id} is {state}; there is nothing to undo": N_("There is nothing to take back."),
    "proposal {id} is {state}; it cannot be put back": N_("It cannot be put back any more."),
    "proposal {id} is {state}; nobody needs to be asked any more": N_("Nobody needs to be asked any more."),
    "proposal {id}: what it rests on may not be acted upon now ({reason})": N_(
        "What it rests on may not be acted upon now: it was contested, or is not agreed to."
    ),
    '"{word}" is not a reason; take one of: {choices}': N_("Choose a reason."),
    "a proposal can be put aside until a time within {days} days from now": N_(
        "It can be put aside for at most %(days)s days."
    ),
    "proposal {id} expires at {moment} UTC, before that": N_(
        "Its time has passed by then: it stands until %(moment)s."
    ),
    "proposal {id} expired at {moment} UTC; a new one comes if needed": N_(
        "Its time passed on %(moment)s. If it is still needed, a new one comes."
    ),
    "proposal {id}: no ticket was moved because of it, so there is nothing to undo": N_(
        "No ticket was moved because of it, so there is nothing to take back."
    ),
    "proposal {id} does not move ticket {tickets}": N_("It does not move the ticket %(tickets)s."),
    "proposal {id}: no ticket is chosen; decline it instead": N_("Choose at least one ticket, or decline."),
    "proposal {id}: {agent} was not asked, or has answered": N_("It was answered already."),
    "{account}: there is no proposal {id}; see proposals list": N_("There is no such proposal."),
    "proposal {id}: the team cannot be asked: {why}": N_("The team cannot be asked now: %(why)s."),
    "proposal {id}: the team cannot be asked before {day}: {why}": N_(
        "The team cannot be asked before %(day)s: %(why)s."
    ),
    "nothing due": N_("nothing is due"),
    "too few members": N_("too few of its members want to be asked"),
    "a wave of this team is running": N_("a survey of this team is running"),
    "the last wave has no published answer": N_("nothing was answered to its last survey yet"),
    "a member was asked recently": N_("one of its members was asked recently"),
    "a member's budget for the year is used": N_("one of its members was asked often enough this year"),
    "too few members at work in the next days": N_("too few of its members work in the next days"),
    "proposal {id}: invitations need the address under which people reach this installation; set it with: "
    "act set --account {account} --public-url https://…": N_(
        "Invitations need the address under which people reach these pages. An admin sets it under “What may happen”."
    ),
    "{account}: a link needs the address under which people reach this installation; set it with: act set "
    "--account {again} --public-url https://…": N_(
        "Links need the address under which people reach these pages. An admin sets it under “What may happen”."
    ),
    "{account}: proposal {id}: {agent} is not asked for consent": N_("It was answered already."),
}

_AGREED = {
    "nothing is agreed yet": N_("nothing is agreed yet"),
    "more signals about single people: {signals}": N_("more signals about single people: %(signals)s"),
    "more roles that see what is said of one person: {roles}": N_(
        "more roles that see what is said of one person: %(roles)s"
    ),
    "more purposes: {purposes}": N_("more purposes: %(purposes)s"),
    "more channels for notices about a person: {choices}": N_(
        "more ways by which something about a person is told: %(choices)s"
    ),
    "{kept} kept for {weeks} weeks; nothing was agreed about these": N_(
        "%(kept)s: kept for %(weeks)s weeks; nothing was agreed about these"
    ),
    "{kept} kept for {weeks} weeks instead of {before}": N_("%(kept)s: kept for %(weeks)s weeks instead of %(before)s"),
    "rule {rule}: a new rule": N_("%(rule)s: a new rule"),
    "rule {rule}: judges {after} instead of {before}": N_("%(rule)s: judges something else than before"),
    "rule {rule}: is statutory now, so leads see it at once": N_(
        "%(rule)s: counts as a duty of the employer now, so leads see it at once"
    ),
    "rule {rule}: {level} from {ahead} on": N_("%(rule)s: %(level)s sooner than agreed (%(ahead)s)"),
    "rule {rule}: ends only with {end}": N_("%(rule)s: ends later than agreed (%(end)s)"),
    # the audit
    "entry {number} is missing": N_("entry %(number)s is missing"),
    "entry {number} is not as it was written": N_("entry %(number)s is not as it was written"),
    "the log ends with entry {number}, but {more} had been written": N_(
        "the log ends with entry %(number)s, but %(more)s had been written"
    ),
    "the log begins after entry {number}, and no entry says that it was cut there": N_(
        "the log begins after entry %(number)s, and no entry says that it was cut there"
    ),
    "the noted head is of a part that was cut since: what is kept begins after entry {number}": N_(
        "What you noted is of a part that was taken out since; what is kept begins after entry %(number)s."
    ),
    "the noted head is not part of this log: it was written anew or cut since": N_(
        "What you noted is no part of this log: it was written anew or cut since."
    ),
}

TEXTS: Mapping[str, str] = {**helpdesk_texts.TEXTS, **_SETTINGS, **_FILES, **_DECIDING, **_AGREED}

FIELDS: Mapping[str, str] = {
    "parties": N_("Who agreed"),
    "agreed_on": N_("On which day"),
    "dpia_on": N_("Day of the assessment of risks"),
    "signals": N_("Signals"),
    "roles": N_("Who sees it"),
    "retention_weeks": N_("How long it is kept"),
    "purposes": N_("What it may serve"),
    "notices": N_("Ways of telling"),
    "modes": N_("What may happen"),
    "public_url": N_("The address of these pages"),
    "language": N_("Language"),
    "smtp.host": N_("Mail server"),
    "smtp.port": N_("Port"),
    "smtp.security": N_("Encryption"),
    "smtp.user": N_("User"),
    "smtp.sender": N_("Sender"),
    "quiet_from": N_("Quiet from"),
    "quiet_until": N_("Quiet until"),
    "digest_at": N_("Digest"),
    "urgent_a_day": N_("Urgent ones a day and person"),
    "oidc.issuer": N_("Address of the provider"),
    "oidc.client_id": N_("Identifier of the client"),
    "oidc.label": N_("What the button says"),
}
