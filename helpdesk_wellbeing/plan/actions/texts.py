"""What proposals say: about work and conditions, in English and Dutch. The reader may be the agent concerned."""

from __future__ import annotations

from collections.abc import Mapping

UNKNOWN = "–"
WEEKDAYS: Mapping[str, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
}
MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec"),
    "nl": ("jan.", "feb.", "mrt.", "apr.", "mei", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."),
}
TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "from_to": "{start} to {end}",
        "because_WT1": "{name}: a day with about {active_h} h of work, and at least {span_h} h from first to last;"
        " the limits are {limit_h} h and 13 h.",
        "because_WT2": "{name}: a week with about {week_h} h of work; the limit is {limit_h} h.",
        "because_WT3": "{name}: about {average_h} h a week on average over {weeks} weeks; the limit is {limit_h} h.",
        "because_WT1_near": "{name}: a day with about {active_h} h of work, and at least {span_h} h from first to last."
        " That comes near the limits of {limit_h} h and 13 h; notice is given before they are passed.",
        "because_WT2_near": "{name}: a week with about {week_h} h of work. The limit is {limit_h} h; notice is given"
        " from {part} of the hours of the contract.",
        "because_WT3_near": "{name}: about {average_h} h a week on average over {weeks} weeks. That comes near the"
        " limit of {limit_h} h; notice is given from {part} of it.",
        "because_WT4": "{name}: at most {rest_h} h of rest between two shifts; {required_h} h are needed.",
        "because_WT5": "{name}: the longest rest within seven days was at most {longest_rest_7d_h} h;"
        " {required_h} h are needed.",
        "because_WT6": "{name}: in {missed_of_5} of the last 5 shifts no break of {needed_min} minutes can be seen.",
        "because_WT7": "{name}: about {after_hours_h_per_week} h of work a week outside the own schedule.",
        "because_WT7_leave": "{name}: work on {leave_days} days of leave.",
        "because_WT8": "{name}: {nights_16w} shifts with night hours in 16 weeks, {series} in a row.",
        "because_LD1": "{name}: open work of {open_weight} normal tickets at the start of the day; {median_weight} is"
        " usual.",
        "because_open_work_now": "{name}: open work of {open_weight} normal tickets now; above {limit} it is too much.",
        "because_LD3": "{name}: for some time more work a day than the own usual level.",
        "because_LD4": "{name}: open work is spread unevenly.",
        "because_LD6": "{name}: the backlog grows by {slope_per_day} tickets a day and is {ratio} times its"
        " usual size.",
        "because_ES1": "{name}: {x} of {n} tickets ({rate}) turned out hard; in comparable queues {p0}.",
        "because_ES2": "{name}: {hard} hard tickets in the last 10 worked days; {expected} would be usual for"
        " the hours.",
        "because_team_load": "{name}: at least {part} of the team carry more work than usual.",
        "because_other": "{name}: {rule}.",
        "break_new": "Proposed: a break of {minutes} minutes, {slot}, without new work from the queue. Its begin is"
        " {name}'s own choice.",
        "break_planned": "Proposed: the break in the schedule, {slot}, stays free of work from the queue.",
        "start_later": "Proposed: the next shift begins later, {slot} instead of {planned}, so that there are"
        " {required_h} h of rest. Swapping the shift does as well.",
        "start_later_back": "Proposed: time back for the short rest; the shift of {planned} begins later, {slot}.",
        "rest_kept": "Proposed: {slot} stays free of work, messages included; that is the weekly rest.",
        "rest_made": "Proposed: the shift of {shift} is given to somebody else or moved, so that {slot} is free in one"
        " piece.",
        "night_swap": "Proposed: the shift of {slot} is swapped for one by day.",
        "time_back": "Proposed: {hours} h back; the shift ends earlier, {slot} is free.",
        "slot_free": "Proposed: {slot} without customer contact.",
        "no_escalations": "Proposed: no new escalations {slot}. Tickets that are already there stay; customers notice"
        " nothing. The team agrees first.",
        "pause_last_hour": "Proposed: no new tickets in the last hour of the shift, {slot}, so that what is open can be"
        " brought to an end in time.",
        "pause_open_work": "Proposed: no new tickets {slot}. Colleagues who are within their own limits are there for"
        " the same groups meanwhile; nothing that is open changes hands by it.",
        "pause_until_below": "Proposed: no new tickets {slot}, or until the open work is below {limit} normal tickets."
        " Colleagues who are within their own limits are there for the same groups meanwhile; nothing that is open"
        " changes hands by it.",
        "pause_off": "Proposed: nothing is assigned outside the own hours, first from {slot}. If these hours are"
        " wanted, the schedule should say so.",
        "pause_leave": "Proposed: nothing is assigned during the leave, {slot}; open tickets go to colleagues.",
        "check_in": "Proposed: a talk about the work. Only that it took place is noted.",
        "check_in_LD3": "How work is assigned should be looked at, too.",
        "guide_1": "Say what was seen and where it comes from, and ask whether it is right.",
        "guide_2": "Ask what in the work brought it about: planning, assignment, tools, kinds of tickets.",
        "guide_3": "Ask what would help, and agree on one change and a day to look at it again.",
        "guide_4": "Leave health and private life out, and write nothing down but that you spoke.",
        "staffing_backlog": "{open} tickets are open; each business day {created} come in and {solved} are solved.",
        "staffing_clear": "With nothing new it would take {days_to_clear} days.",
        "staffing_need": "To be back at the usual {usual} within {days} business days, {more} more tickets a"
        " day have to be solved, or kept away.",
        "staffing_ways": "Ways: a second group that takes over, an answer for the most frequent question, hours from"
        " elsewhere.",
        "staffing_hard": "Ways: take turns in this queue, let two colleagues share the hard tickets, plan fewer tickets"
        " for its hours.",
        "wave": "Proposed: ask the whole team of {name} how the work is going: five questions, answers without names,"
        " results from {k} answers on.",
        "moves": "Proposed: {count} tickets change hands within {name}. Nobody who receives one ends above their"
        " fair share.",
        "move": "Proposed: one ticket changes hands within {name}. Who receives it does not end above the fair share.",
        "moves_best": "Within the limits no other distribution is better.",
        "moves_near": "Another distribution could be at most {part} better.",
        "stay": "{count} tickets of the same queues stay.",
    },
    "nl": {
        "from_to": "{start} tot {end}",
        "because_WT1": "{name}: een dag met ongeveer {active_h} uur werk, en ten minste {span_h} uur van begin tot"
        " eind; de grenzen zijn {limit_h} en 13 uur.",
        "because_WT2": "{name}: een week met ongeveer {week_h} uur werk; de grens is {limit_h} uur.",
        "because_WT3": "{name}: gemiddeld ongeveer {average_h} uur per week over {weeks} weken; de grens is {limit_h}"
        " uur.",
        "because_WT1_near": "{name}: een dag met ongeveer {active_h} uur werk, en ten minste {span_h} uur van begin tot"
        " eind. Dat komt dicht bij de grenzen van {limit_h} en 13 uur; er wordt gewaarschuwd voordat die voorbij zijn.",
        "because_WT2_near": "{name}: een week met ongeveer {week_h} uur werk. De grens is {limit_h} uur; er wordt"
        " gewaarschuwd vanaf {part} van de uren van het contract.",
        "because_WT3_near": "{name}: gemiddeld ongeveer {average_h} uur per week over {weeks} weken. Dat komt dicht bij"
        " de grens van {limit_h} uur; er wordt gewaarschuwd vanaf {part} daarvan.",
        "because_WT4": "{name}: ten hoogste {rest_h} uur rust tussen twee diensten; {required_h} uur is nodig.",
        "because_WT5": "{name}: de langste rust binnen zeven dagen was ten hoogste {longest_rest_7d_h} uur;"
        " {required_h} uur is nodig.",
        "because_WT6": "{name}: in {missed_of_5} van de laatste 5 diensten is geen pauze van {needed_min} minuten te"
        " zien.",
        "because_WT7": "{name}: ongeveer {after_hours_h_per_week} uur werk per week buiten het eigen rooster.",
        "because_WT7_leave": "{name}: werk op {leave_days} verlofdagen.",
        "because_WT8": "{name}: {nights_16w} diensten met nachturen in 16 weken, {series} achter elkaar.",
        "because_LD1": "{name}: open werk van {open_weight} gewone tickets aan het begin van de dag; {median_weight} is"
        " gebruikelijk.",
        "because_open_work_now": "{name}: open werk van {open_weight} gewone tickets op dit moment; boven {limit} is"
        " het te veel.",
        "because_LD3": "{name}: al enige tijd meer werk per dag dan het eigen gebruikelijke niveau.",
        "because_LD4": "{name}: het open werk is ongelijk verdeeld.",
        "because_LD6": "{name}: de achterstand groeit met {slope_per_day} tickets per dag en is {ratio} keer zo"
        " groot als gewoonlijk.",
        "because_ES1": "{name}: {x} van {n} tickets ({rate}) bleken zwaar; in vergelijkbare wachtrijen {p0}.",
        "because_ES2": "{name}: {hard} zware tickets in de laatste 10 gewerkte dagen; {expected} zou voor de uren"
        " gebruikelijk zijn.",
        "because_team_load": "{name}: ten minste {part} van het team heeft meer werk dan gewoonlijk.",
        "because_other": "{name}: {rule}.",
        "break_new": "Voorstel: een pauze van {minutes} minuten, {slot}, zonder nieuw werk uit de wachtrij."
        " {name} kiest het begin zelf.",
        "break_planned": "Voorstel: de pauze in het rooster, {slot}, blijft vrij van werk uit de wachtrij.",
        "start_later": "Voorstel: de volgende dienst begint later, {slot} in plaats van {planned}, zodat er"
        " {required_h} uur rust is. De dienst ruilen kan ook.",
        "start_later_back": "Voorstel: tijd terug voor de korte rust; de dienst van {planned} begint later, {slot}.",
        "rest_kept": "Voorstel: {slot} blijft vrij van werk, ook van berichten; dat is de wekelijkse rust.",
        "rest_made": "Voorstel: de dienst van {shift} gaat naar iemand anders of wordt verzet, zodat {slot}"
        " aaneengesloten vrij is.",
        "night_swap": "Voorstel: de dienst van {slot} wordt geruild voor een dienst overdag.",
        "time_back": "Voorstel: {hours} uur terug; de dienst eindigt eerder, {slot} is vrij.",
        "slot_free": "Voorstel: {slot} zonder klantcontact.",
        "no_escalations": "Voorstel: geen nieuwe escalaties {slot}. Tickets die er al zijn, blijven; klanten merken"
        " niets. Het team stemt er eerst mee in.",
        "pause_last_hour": "Voorstel: geen nieuwe tickets in het laatste uur van de dienst, {slot}, zodat wat"
        " open is op tijd kan worden afgerond.",
        "pause_open_work": "Voorstel: geen nieuwe tickets {slot}. Collega's die binnen hun eigen grens zitten, zijn er"
        " intussen voor dezelfde groepen; wat open is, blijft waar het is.",
        "pause_until_below": "Voorstel: geen nieuwe tickets {slot}, of tot het open werk onder {limit} gewone tickets"
        " ligt. Collega's die binnen hun eigen grens zitten, zijn er intussen voor dezelfde groepen; wat open is,"
        " blijft waar het is.",
        "pause_off": "Voorstel: buiten de eigen uren wordt niets toegewezen, te beginnen met {slot}. Als deze uren"
        " gewenst zijn, hoort het rooster dat te zeggen.",
        "pause_leave": "Voorstel: tijdens het verlof wordt niets toegewezen, {slot}; open tickets gaan naar collega's.",
        "check_in": "Voorstel: een gesprek over het werk. Alleen dat het heeft plaatsgevonden, wordt vastgelegd.",
        "check_in_LD3": "Kijk ook naar hoe werk wordt toegewezen.",
        "guide_1": "Zeg wat er te zien was en waar het vandaan komt, en vraag of het klopt.",
        "guide_2": "Vraag waardoor het in het werk kwam: planning, toewijzing, hulpmiddelen, soorten tickets.",
        "guide_3": "Vraag wat zou helpen, en spreek één verandering af en een dag om er weer naar te kijken.",
        "guide_4": "Laat gezondheid en privé erbuiten, en schrijf alleen op dat jullie gesproken hebben.",
        "staffing_backlog": "{open} tickets staan open; per werkdag komen er {created} bij en worden er {solved}"
        " opgelost.",
        "staffing_clear": "Zonder nieuwe zou het {days_to_clear} dagen duren.",
        "staffing_need": "Om binnen {days} werkdagen terug te zijn op de gebruikelijke {usual}, moeten er"
        " {more} tickets per dag meer worden opgelost of voorkomen.",
        "staffing_ways": "Mogelijkheden: een tweede groep die overneemt, een antwoord op de meest gestelde vraag, uren"
        " van elders.",
        "staffing_hard": "Mogelijkheden: elkaar in deze wachtrij afwisselen, zware tickets met z'n tweeën doen, minder"
        " tickets plannen voor deze uren.",
        "wave": "Voorstel: vraag het hele team van {name} hoe het werk gaat: vijf vragen, antwoorden zonder naam,"
        " resultaten vanaf {k} antwoorden.",
        "moves": "Voorstel: {count} tickets gaan binnen {name} naar een ander. Niemand die er een krijgt, komt boven"
        " het eigen deel.",
        "move": "Voorstel: één ticket gaat binnen {name} naar een ander. Wie het krijgt, komt niet boven het eigen"
        " deel.",
        "moves_best": "Binnen de grenzen is geen andere verdeling beter.",
        "moves_near": "Een andere verdeling kan hoogstens {part} beter zijn.",
        "stay": "{count} tickets uit dezelfde werkvoorraden blijven.",
    },
}
