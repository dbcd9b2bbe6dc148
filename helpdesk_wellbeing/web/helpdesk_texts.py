"""The program's lines about helpdesks: connecting them, their answers, the secrets for them; see `problem_texts`."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk_wellbeing.said import N_

_CONNECTING = {
    "account {account}: there is one of this name already; choose another name": N_(
        "There is an account called %(account)s already. Choose another name."
    ),
    'account "{account}": a name is 1 to 64 letters (a to z), digits, - _ and ., and does not begin with a '
    "dot; such as acme-support": N_(
        "“%(account)s” cannot be a name: up to 64 letters from a to z, digits, hyphens, underscores and "
        "dots, and no dot at its beginning; such as acme-support."
    ),
    '"{who}" names nobody who could sign in; write email:name@example.com, zendesk:ID of a user, or '
    "oidc:ISSUER:SUBJECT": N_(
        "“%(who)s” is nobody who could sign in. Write an e-mail address, zendesk: and the number of a user "
        "there, or oidc: and what your provider calls them."
    ),
    'the domain "{host}" is not a host name; it looks like acme.freshdesk.com': N_(
        "“%(host)s” is no address of a helpdesk. It looks like acme.freshdesk.com."
    ),
    'the domain "{host}" does not end in .freshdesk.com; give the vendor\'s own, such as '
    "acme.freshdesk.com, also where customers see another one": N_(
        "“%(host)s” does not end in .freshdesk.com. Give the address that Freshworks gave you, such as "
        "acme.freshdesk.com, even if your customers see another one."
    ),
    "{host} is connected already, as {other}; use that name, or give another domain": N_(
        "%(host)s is connected already, as %(other)s."
    ),
    "{host} is connected already, as {other}; one helpdesk under two names would count everything twice": N_(
        "%(host)s is connected already, as %(other)s. Under two names everything would be counted twice."
    ),
    "{account} is not a {platform} account; choose another name": N_(
        "%(account)s is the name of another helpdesk. Choose another name."
    ),
    '{account} has the activity of {before}, and "{host}" is another helpdesk; connect it under another name': N_(
        "%(account)s holds what was read from %(before)s, and “%(host)s” is another helpdesk. Connect it "
        "under another name."
    ),
    "{account}: not connected: {why}, then connect again": N_("Not connected: %(why)s. Then try again."),
    "the client id is the identifier of the OAuth client: letters, digits, - and _": N_(
        "The identifier of the OAuth client has letters, digits, hyphens and underscores only. Copy it from Zendesk."
    ),
    "{account} was imported; there is nothing to connect": N_(
        "It was imported from files; there is nothing to connect."
    ),
    "that is no Zendesk subdomain; give the part before .zendesk.com": N_(
        "This is no address of Zendesk. Give what stands before .zendesk.com."
    ),
    "another server can only be one on this machine, such as http://127.0.0.1:8001": N_(
        "A test server can only be on this machine, such as http://127.0.0.1:8001."
    ),
    "no OAuth client secret": N_("The secret of the client is missing."),
    "no API key": N_("The API key is missing."),
    "the {what} has signs that no HTTP header takes; letters A to Z, digits and the signs of an English "
    "keyboard are fine. Copy it anew, or make another one": N_(
        "The secret has signs that cannot be sent; copy it anew."
    ),
    '{who}: "{host}" is no Zendesk subdomain; give the part before .zendesk.com': N_(
        "“%(host)s” is no address of Zendesk. Give what stands before .zendesk.com."
    ),
    '{who}: "{host}" is not a host name; it looks like acme.freshdesk.com': N_(
        "“%(host)s” is no address of a helpdesk. It looks like acme.freshdesk.com."
    ),
    "{who}: base URL must be https://host, or http:// on loopback, without a path{got}": N_(
        "The address of the server is https:// and a host, or http:// on this machine, and nothing behind it."
    ),
    "{who}: reserve is a share from 0 to below 1, not {reserve}": N_("The reserve is a share from 0 to below 1."),
    "{who}: no credentials; give the OAuth client's id and secret, or e-mail and API token": N_(
        "The identifier and the secret of the OAuth client are missing."
    ),
    "{who}: no API key; it stands in the profile settings of the agent it belongs to": N_(
        "The API key is missing. It stands in the profile settings of the agent it belongs to."
    ),
    # what a new connection lacks
    "OAuth client {client} of user {user} lacks {lacks}; {hint}": N_(
        "the OAuth client %(client)s may not read everything yet; %(hint)s"
    ),
    "API token of user {user} lacks {lacks}; {hint}": N_("the API token may not read everything yet; %(hint)s"),
    "allow `read` in the scopes of the client": N_("allow the scope “read” in its settings"),
    "give the user an admin role": N_("give its user the role of an admin"),
    "allow `read` in the scopes of the client and give the user an admin role": N_(
        "allow the scope “read” in its settings and give its user the role of an admin"
    ),
    "the key of agent {agent} lacks {lacks}; give the agent {hint}": N_(
        "the agent whose key it is does not see everything; in Freshdesk, give that agent %(hint)s"
    ),
    "the scope Global Access": N_("access to all tickets (Global Access)"),
    "the role Administrator": N_("the role Administrator"),
    "the scope Global Access and the role Administrator": N_(
        "access to all tickets (Global Access) and the role Administrator"
    ),
}

_NOTES = {
    "granted scopes: {scopes}": N_("allowed: %(scopes)s"),
    "what user {user} does counts as the plugin's own; it should be nobody's daily account": N_(
        "What user %(user)s does counts as this program's own; it should be nobody's daily account."
    ),
    "what agent {user} does counts as the plugin's own; it should be nobody's daily account": N_(
        "What agent %(user)s does counts as this program's own; it should be nobody's daily account."
    ),
}

_ANSWERS = {
    "{platform}: {status} for {request}: {hint}": N_("%(platform)s said no (%(status)s): %(hint)s."),
    "{platform}: {status} for {request}; it asks to wait {seconds} s, more than we wait at a stretch ({most} "
    "s). Run it again after that": N_("%(platform)s asks us to slow down. Try again in %(seconds)s seconds."),
    "{platform}: {status} for {request} (client {client}): the token was granted but opens nothing; the "
    'scopes asked for ("{scopes}") aren\'t those of the client. Allow `read` under {place}': N_(
        "The OAuth client %(client)s opens nothing. Allow the scope “read” under %(place)s."
    ),
    "{platform}: {status} for POST /oauth/tokens (client {client}): {hint}": N_(
        "Zendesk does not let the OAuth client %(client)s in: %(hint)s."
    ),
    "{platform}: 401 for {request}: e-mail or API token isn't accepted. Zendesk makes no new API tokens and "
    "switches idle ones off; connect with an OAuth client (--client-id)": N_(
        "Zendesk does not accept the e-mail address or the API token, and makes no new tokens. Connect with "
        "an OAuth client."
    ),
    "the credentials aren't accepted; connect the account again": N_(
        "the credentials are not accepted; copy them anew"
    ),
    "the API key isn't accepted; connect the account again": N_("the API key is not accepted; copy it anew"),
    "the Zendesk account isn't active; ask its owner": N_("that helpdesk is not active; ask its owner"),
    "the Freshdesk account isn't active; ask its owner": N_("that helpdesk is not active; ask its owner"),
    "not allowed; the OAuth client's user must be an admin and the client's scopes must include `read` (or "
    "the plan lacks this)": N_(
        "not allowed; the user of the OAuth client must be an admin and its scopes must include “read”, or "
        "the plan of the helpdesk lacks it"
    ),
    "not allowed; the key's agent must be an admin who sees all tickets, or the plan lacks this": N_(
        "not allowed; the agent whose key it is must be an admin who sees all tickets, or the plan of the "
        "helpdesk lacks it"
    ),
    "the account's plan doesn't have this": N_("the plan of the helpdesk does not have this"),
    "not found; check the subdomain, or the plan lacks this": N_(
        "not found; look whether the address is right, or the plan of the helpdesk lacks it"
    ),
    "not found, or hidden from the key's agent; check the domain": N_(
        "not found, or hidden from the agent whose key it is; look whether the address is right"
    ),
    "the ticket is in spam or in the trash": N_("the ticket is among spam or in the bin"),
    "it was changed by somebody else at the same time; run it again": N_(
        "somebody else changed it at the same time; try again"
    ),
    "Zendesk didn't accept the request; report it with this line": N_("it did not understand us; report this"),
    "Zendesk didn't accept the request": N_("it did not understand us; report this"),
    "Freshdesk didn't accept the request; report it with this line": N_("it did not understand us; report this"),
    "ask the platform's admin": N_("ask the admin of the helpdesk"),
    "no Zendesk account answers at {address}; check the subdomain": N_(
        "no helpdesk answers at %(address)s; look whether the address is right"
    ),
    "{hint} (Admin Center > Apps and integrations > APIs > OAuth clients)": N_(
        "%(hint)s (in Zendesk: Admin Center > Apps and integrations > APIs > OAuth clients)"
    ),
    "the client id or its secret isn't accepted; copy both anew (id: the *identifier*)": N_(
        "its identifier or its secret is not accepted; copy both anew"
    ),
    "the client may not have the scopes asked for; allow `{scopes}` in its scopes": N_(
        "it may not read; allow the scopes “%(scopes)s” in its settings"
    ),
    "the client may not use client credentials; its kind must be *confidential*": N_("its kind must be “confidential”"),
    "this client has no client credentials; make a *confidential* one": N_(
        "its kind must be “confidential”; make a new one"
    ),
    "the user that the client belongs to can't sign in; make a client as another admin": N_(
        "the user it belongs to cannot sign in; make another one as another admin"
    ),
    "the user that the client belongs to may not have this token; it must be an admin": N_(
        "the user it belongs to must be an admin"
    ),
    "the token request wasn't understood; check the client id and the base URL": N_(
        "it did not understand us; look whether the identifier and the address are right"
    ),
    "the client wasn't accepted; check its id, its secret and its kind": N_(
        "look whether its identifier, its secret and its kind are right"
    ),
    "asks us to slow down; run it again later": N_("it asks us to slow down; try again in a few minutes"),
    "the platform has trouble; run it again later": N_("it has trouble itself; try again later"),
    "{platform}: no connection for {request}: {hint}": N_("No connection with %(platform)s: %(hint)s."),
    "{platform}: the connection broke during {request}: {hint}": N_(
        "The connection with %(platform)s broke: %(hint)s."
    ),
    "{platform}: no answer within {seconds} s for {request}: {hint}": N_(
        "%(platform)s did not answer within %(seconds)s seconds: %(hint)s."
    ),
    "{platform}: no whole answer within {seconds} s for {request}: {hint}": N_(
        "%(platform)s did not answer within %(seconds)s seconds: %(hint)s."
    ),
    "check the network": N_("look whether the address is right and the network works"),
    "check the network, then run it again": N_(
        "look whether the address is right and the network works, then try again"
    ),
    "run it again later": N_("try again later"),
    "{platform}: the answer to {request} is not readable JSON; run the command again, and report it to the "
    "platform's support if it stays so": N_(
        "The answer of %(platform)s cannot be read. Try again; if it stays so, report it there."
    ),
    "{platform}: the answer to {request} is empty (null); run it again later": N_(
        "The answer of %(platform)s is empty. Try again later."
    ),
    "{platform}: an address on another host was given ({host}); only {own} is asked. Check the subdomain or "
    "base URL of the connection": N_(
        "%(platform)s leads to another host, %(host)s. Look whether the address is right."
    ),
    "{platform}: {request} was redirected to another host ({host}); not followed. Check the subdomain or "
    "base URL of the connection": N_(
        "%(platform)s leads to another host, %(host)s. Look whether the address is right."
    ),
    "{platform}: {request} is redirected without end; check the connection's address": N_(
        "%(platform)s sends us round in circles. Look whether the address is right."
    ),
    "{platform}: {seconds} s until the next {request}, to keep within the rate limit": N_(
        "%(platform)s allows no more calls for now. Try again in %(seconds)s seconds."
    ),
    "{platform}: {request}: the certificate of {host} isn't trusted": N_(
        "The certificate of %(host)s is not trusted, so nothing was sent."
    ),
    "{platform}: the answer to {request} is larger than {size} MB; not read": N_(
        "The answer of %(platform)s is larger than is read."
    ),
    "{platform}: {request} answered with a web page, not with JSON; check the subdomain or base URL, and "
    "whether a proxy or a log-in page stands between": N_(
        "A web page answered instead of %(platform)s. Look whether the address is right, and whether a proxy "
        "or a sign-in page stands between."
    ),
    "{platform}: the answer to {request} has no {what}; report it with this line": N_(
        "The answer of %(platform)s is not what was expected; report this."
    ),
    "{platform}: the answer to {request} is no {what}; report it with this line": N_(
        "The answer of %(platform)s is not what was expected; report this."
    ),
    "{platform}: the list of {what} isn't in a shape that can be read; report it with this line": N_(
        "The answer of %(platform)s is not what was expected; report this."
    ),
    "{platform}: the answer to {request} has nothing but nulls; run it again later": N_(
        "The answer of %(platform)s is empty. Try again later."
    ),
    '{platform}: the answer to {request} has no list "schedules"': N_(
        "The answer of %(platform)s is not what was expected; report this."
    ),
    "{platform}: POST /oauth/tokens answered without an access token; check the base URL": N_(
        "The answer of %(platform)s is not what was expected. Look whether the address is right."
    ),
    '{platform}: the stored place of the stream "{what}" is not readable; it was written by another version. '
    "Use that version, or connect the account under another name and pull again": N_(
        "How far was read was noted by another version of this program. Use that version, or connect the "
        "helpdesk under another name."
    ),
    "{platform}: {what} are said to lie at an address that isn't asked: not https on a public host": N_(
        "%(platform)s names an address that is not called, as it is not public."
    ),
    "{what}: their storage answered {status}": N_("The store of exports answered %(status)s. Try again later."),
    "{what}: their storage didn't answer": N_("The store of exports does not answer. Try again later."),
    "{what}: their storage sent us elsewhere, or isn't trusted; not followed": N_(
        "The store of exports leads elsewhere or is not trusted, so nothing was read."
    ),
    "{what}: their file is no JSON, or larger than is read": N_("A file of exports cannot be read. Try again later."),
    "{what}: their file was cut off, or is of another kind": N_("A file of exports cannot be read. Try again later."),
    "{what}: their file is of another kind": N_("A file of exports cannot be read. Try again later."),
    "{why}; pulling is paused until this account is connected again (helpdesk-wellbeing connect)": N_(
        "%(why)s Reading is paused until other credentials are given below."
    ),
}

_SECRETS = {
    "{what} was encrypted with another key than the one in {file}; bring back that key, or connect the account "
    "again": N_(
        "What is kept of the secrets was locked with another key. Bring that key back, or give the secrets anew."
    ),
    "{file} holds no key of 32 bytes in URL-safe base64; make one with {command}": N_(
        "The key for secrets is no key. Whoever runs this must mend it."
    ),
    "{file} is missing, {variable} is not set; bring the key back": N_(
        "The key for secrets is missing. Whoever runs this must bring it back."
    ),
    "{file} can be read by others; run: chmod 600 {again}": N_(
        "The key for secrets can be read by others. Whoever runs this must mend its rights."
    ),
    "{file}: {problem}; give this user the rights to it, or set {variable}": N_(
        "The key for secrets cannot be read. Whoever runs this must mend its rights."
    ),
}

_APPS = {
    "{account}: {url} is the example address that stands in the files that ship, and nobody is reached there; give the "
    "address of your own installation": N_(
        "%(url)s is an example, and nobody is reached there. Give your own address."
    ),
    "{account}: {url}: Freshworks apps call port 443 only; let a proxy serve there, and leave the port out": N_(
        "%(url)s: Apps of Freshworks call port 443 only. Let a proxy serve there, and leave the port out."
    ),
    "{place} is missing; install helpdesk-wellbeing again, or run it from its own folder": N_(
        "Files of the app are missing. Whoever runs this must install the program again."
    ),
    "{account}: no package was written, because of {count}:{lines}": N_("Whoever runs this must mend it:%(lines)s"),
}

TEXTS: Mapping[str, str] = {**_CONNECTING, **_NOTES, **_ANSWERS, **_SECRETS, **_APPS}
