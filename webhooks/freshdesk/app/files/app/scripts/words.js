/* What the pages say, by language. The platform documents no files for translations. */
const WORDS = {
  en: {
    asking: "Asking your installation …",
    decide: "Look at it and decide",
    nothing: "Nothing is suggested for this ticket.",
    openToday: "Open Today",
    pageIntro: "What waits for a decision is shown on the pages of your own installation, where you sign in.",
    refused: "Your installation does not accept this app's secret. An admin can enter it anew in the app's settings.",
    stateNever: "Connected. Freshdesk has not been read yet.",
    stateRead: "Connected. Freshdesk was last read on {at}.",
    stateTrouble: "Connected, but reading Freshdesk fails at the moment; helpdesk-wellbeing status says why.",
    unreachable: "Your installation does not answer. Try again in a minute."
  },
  nl: {
    asking: "Je installatie wordt gevraagd …",
    decide: "Bekijken en beslissen",
    nothing: "Voor dit ticket is niets voorgesteld.",
    openToday: "Vandaag openen",
    pageIntro: "Wat op een besluit wacht, staat op de pagina's van je eigen installatie, waar je inlogt.",
    refused: "Je installatie accepteert het geheim van deze app niet. Een beheerder kan het in de instellingen van de app opnieuw invullen.",
    stateNever: "Verbonden. Freshdesk is nog niet gelezen.",
    stateRead: "Verbonden. Freshdesk is voor het laatst gelezen op {at}.",
    stateTrouble: "Verbonden, maar Freshdesk lezen lukt op dit moment niet; helpdesk-wellbeing status zegt waarom.",
    unreachable: "Je installatie antwoordt niet. Probeer het over een minuut opnieuw."
  },
  de: {
    asking: "Ihre Installation wird gefragt …",
    decide: "Ansehen und entscheiden",
    nothing: "Für dieses Ticket ist nichts vorgeschlagen.",
    openToday: "Heute öffnen",
    pageIntro: "Was auf eine Entscheidung wartet, steht auf den Seiten Ihrer eigenen Installation, wo Sie sich anmelden.",
    refused: "Ihre Installation nimmt das Geheimnis dieser App nicht an. Ein Admin kann es in den Einstellungen der App neu eingeben.",
    stateNever: "Verbunden. Freshdesk wurde noch nicht gelesen.",
    stateRead: "Verbunden. Freshdesk wurde zuletzt am {at} gelesen.",
    stateTrouble: "Verbunden, aber Freshdesk lässt sich gerade nicht lesen; helpdesk-wellbeing status sagt, warum.",
    unreachable: "Ihre Installation antwortet nicht. Versuchen Sie es in einer Minute noch einmal."
  },
  fr: {
    asking: "Votre installation est interrogée …",
    decide: "Consulter et décider",
    nothing: "Rien n’est proposé pour ce ticket.",
    openToday: "Ouvrir Aujourd’hui",
    pageIntro: "Ce qui attend une décision se trouve sur les pages de votre propre installation, où vous vous connectez.",
    refused: "Votre installation n’accepte pas le secret de cette application. Un administrateur peut le saisir à nouveau dans ses réglages.",
    stateNever: "Connecté. Freshdesk n’a pas encore été lu.",
    stateRead: "Connecté. Freshdesk a été lu pour la dernière fois le {at}.",
    stateTrouble: "Connecté, mais la lecture de Freshdesk échoue en ce moment ; helpdesk-wellbeing status dit pourquoi.",
    unreachable: "Votre installation ne répond pas. Réessayez dans une minute."
  }
};

const LANGUAGE = (function chosen() {
  const wanted = (navigator.language || "en").slice(0, 2).toLowerCase();
  return WORDS[wanted] ? wanted : "en";
}());

function word(name) {
  return WORDS[LANGUAGE][name];
}

function explained(status) {
  return word(status === 401 ? "refused" : "unreachable");
}

document.documentElement.lang = LANGUAGE;
document.querySelectorAll("[data-words]").forEach(function translate(element) {
  element.textContent = word(element.getAttribute("data-words"));
});
