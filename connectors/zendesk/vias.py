"""What Zendesk's `via` means: the channel it stands for, and who made the change.

In audits `via` is an object (`channel`, `source.rel`), in the event export a display label. Both are read
here.
https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Maker = Literal["person", "rule", "api", "import", "merge", "system"]


class Via(NamedTuple):
    """`channel` is one of our channel words."""

    channel: str
    maker: Maker
    known: bool = True


# Labels and channel words, parted by semicolons.
_PEOPLE_BY_CHANNEL = {
    "web": """
        web; web form; web_form; web widget; web_widget; mobile; mobile sdk; mobile_sdk; iphone; ipad;
        android; help center; help_center; help center post; forum; forum topic; topic; lotus; closed
        ticket; closed_ticket; batch; bulk; follow-up; followup; answer bot for web widget;
        answer_bot_for_web_widget; get_satisfaction; get satisfaction
    """,
    "email": """
        mail; email; e-mail; suspended ticket; suspended_ticket; recovered from suspended tickets;
        recovered_tickets
    """,
    "chat": """
        chat; live chat; chat_transcript; offline message; chat_offline_message; offline_message
    """,
    "messaging": """
        messaging; native messaging; native_messaging; whatsapp; line; wechat; viber; telegram; sms;
        text message; text; apple business chat; apple_business_chat; google business messages;
        google_business_messages; google_rcs; mailgun; slack connect; slack_connect; kakaotalk;
        instagram dm; instagram_dm; instagram direct; facebook messenger; messagebird_sms;
        facebook_messenger; twilio_sms; sunshine conversations; sunshine_conversations_api;
        sunshine_conversations_facebook_messenger; sunshine conversations api; twitter_dm_messaging;
        business_messaging_slack_connect
    """,
    "phone": """
        voice; phone; voicemail; phone call; phone call (inbound); phone call (outbound);
        phone_call_inbound; talk; phone_call_outbound; voice call; inbound phone call; outbound phone
        call; phone call inbound; phone call outbound
    """,
    "social": """
        twitter; twitter dm; twitter_dm; twitter direct message; twitter like; twitter favorite;
        twitter_favorite; x corp post; x corp direct message; x corp like; facebook; facebook post;
        facebook_post; facebook message; facebook_message; facebook private message; instagram
    """,
    "other": """
        any channel; any_channel; channel integration; side conversation; side_conversation; sample
        ticket; sample_ticket; logmein; logmein rescue; logmein_rescue; channel_integration;
        ticket_tagging; other
    """,
}
_BY_MAKER: dict[Maker, str] = {
    "rule": """
        rule; business rule; trigger; automation; rule revision
    """,
    "api": """
        api; web service; web_service; web service (api); web service api
    """,
    "import": """
        import; ticket import; github; linkedin
    """,
    "merge": """
        merge; ticket merge; ticket_merge; merged
    """,
    "system": """
        system; linked problem; linked_problem; problem; group deletion; group_deletion; group change;
        group_change; user change; user_change; user deletion; user_deletion; admin setting;
        admin_setting; ticket sharing; ticket_sharing; satisfaction prediction; satisfaction_prediction;
        monitor event; monitor_event; resource push; resource_push; answer bot; answer_bot;
        answer_bot_api; ai agent; ai_agent; autoreply; archive; zendesk; omnichannel routing;
        omnichannel_routing; routing
    """,
}
_NUMBERS = {
    0: "web form",
    4: "mail",
    5: "web service",
    8: "rule",
    19: "ticket merge",
    27: "closed ticket",
    29: "chat",
}


def _words(labels: str) -> list[str]:
    return [" ".join(label.split()) for label in labels.split(";")]


_TABLE: dict[str, Via] = {
    label: Via(channel, "person") for channel, labels in _PEOPLE_BY_CHANNEL.items() for label in _words(labels)
} | {
    label: Via("api" if maker == "api" else "other", maker)
    for maker, labels in _BY_MAKER.items()
    for label in _words(labels)
}
UNSAID = Via("other", "person")


def of_label(label: str) -> Via:
    """The meaning of a display label or channel word; one we don't know is a person's, over another
    channel."""
    return _TABLE.get(label.strip().lower()) or Via("other", "person", known=False)


def of(via: Any) -> Via:
    """The meaning of `via` in any of its shapes: label, object, number, or absent."""
    if isinstance(via, str):
        return of_label(via)
    if isinstance(via, dict):
        rel = _source(via).get("rel")
        if rel == "merge":
            return Via("other", "merge")
        channel = via.get("channel")
        if isinstance(channel, str | int):
            return of(channel)
        return UNSAID
    if isinstance(via, int) and not isinstance(via, bool):
        return of_label(_NUMBERS[via]) if via in _NUMBERS else Via("other", "person", known=False)
    return UNSAID


def reference(via: Any) -> str | None:
    """The id of the rule or ticket that an object `via` came from."""
    if not isinstance(via, dict):
        return None
    came_from = _source(via).get("from")
    if not isinstance(came_from, dict):
        return None
    found = came_from.get("id") or came_from.get("ticket_id")
    return str(found) if found else None


def _source(via: dict[str, Any]) -> dict[str, Any]:
    source = via.get("source")
    return source if isinstance(source, dict) else {}
