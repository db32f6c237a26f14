//! The codes of problems, with their statuses and titles: this table is the only place where they stand.

macro_rules! codes {
    ($($name:ident = $code:literal, $status:literal, $fr:literal, $en:literal;)*) => {
        /// What went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $en] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as clients see it: it never changes.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The title, French and English.
            #[must_use]
            pub const fn title(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($fr, $en),)* }
            }
        }
    };
}

codes! {
    InvalidJson = "invalid_json", 400, "Le corps de la requête n’est pas du JSON valide", "The request body is not valid JSON";
    InvalidUtf8 = "invalid_utf8", 400, "Le corps de la requête n’est pas de l’UTF-8", "The request body is not UTF-8";
    InvalidRequest = "invalid_request", 400, "La requête n’a pas la forme attendue", "The request is not of the expected form";
    InvalidParameter = "invalid_parameter", 400, "Un paramètre de la requête est inconnu ou invalide", "A request parameter is unknown or invalid";
    InvalidHeader = "invalid_header", 400, "Un en-tête de la requête est invalide", "A request header is invalid";
    Unauthenticated = "unauthenticated", 401, "Il faut se connecter", "Authentication is needed";
    InvalidToken = "invalid_token", 401, "Le jeton d’accès n’est pas valable", "The access token is not valid";
    TokenExpired = "token_expired", 401, "Le jeton d’accès a expiré", "The access token has expired";
    WrongCredentials = "wrong_credentials", 401, "L’adresse ou le mot de passe est faux", "The e-mail address or the password is wrong";
    InvalidRefreshToken = "invalid_refresh_token", 401, "Le jeton de renouvellement n’est pas valable", "The refresh token is not valid";
    InvalidSignInCode = "invalid_sign_in_code", 401, "Le code d’identification n’est pas valable", "The code of the sign-in is not valid";
    SecondFactorNeeded = "second_factor_needed", 401, "Il faut aussi un code à usage unique", "A one-time code is needed too";
    WrongSecondFactor = "wrong_second_factor", 401, "Le code à usage unique est faux ou a déjà servi", "The one-time code is wrong or was used before";
    SecondFactorRequired = "second_factor_required", 403, "Votre rôle exige un second facteur : mettez-le en place d’abord", "Your role requires a second factor: set one up first";
    LoginTooOld = "login_too_old", 403, "Votre connexion date de plus de dix minutes : reconnectez-vous d’abord", "You logged in more than ten minutes ago: log in again first";
    MissingRight = "missing_right", 403, "Il manque un droit", "A right is missing";
    ActionNotYours = "action_not_yours", 403, "Cette action revient à quelqu’un d’autre", "This action is somebody else's";
    NotFound = "not_found", 404, "Introuvable", "Not found";
    MethodNotAllowed = "method_not_allowed", 405, "Méthode non admise ici", "Method not allowed here";
    RequestTimeout = "request_timeout", 408, "La requête a mis trop de temps à arriver", "The request took too long to arrive";
    CafeNotPlanned = "cafe_not_planned", 409, "Ce café n’est plus à l’état « prévu »", "The café is not planned any more";
    NoSuchTurn = "no_such_turn", 409, "La saisine n’a rien connu que ce message annonce", "The ticket has taken no turn that this letter tells of";
    CafeNotHeld = "cafe_not_held", 409, "Seul un café tenu a un compte rendu", "Only a café that was held has a report";
    CafeAnnounced = "cafe_announced", 409, "Ce café est déjà annoncé", "The café is announced already";
    CafeNotBegun = "cafe_not_begun", 409, "Ce café n’a pas commencé, ou a été annulé", "The café has not begun, or was called off";
    TicketNotSubmitted = "ticket_not_submitted", 409, "La saisine n’est pas à l’état « transmise »", "The ticket is not submitted";
    TicketNotRefusable = "ticket_not_refusable", 409, "Cette saisine ne peut plus être refusée", "The ticket can no longer be refused";
    TicketNotReroutable = "ticket_not_reroutable", 409, "Cette saisine ne peut plus être réorientée", "The ticket can no longer be rerouted";
    TicketNotSchedulable = "ticket_not_schedulable", 409, "Cette saisine ne peut pas être programmée", "The ticket cannot be scheduled";
    TicketNotStartable = "ticket_not_startable", 409, "Le travail ne peut pas commencer sur cette saisine", "Work on the ticket cannot start";
    TicketNotUnderWay = "ticket_not_under_way", 409, "La saisine n’est pas en cours", "The ticket is not under way";
    TicketNotOnHold = "ticket_not_on_hold", 409, "La saisine n’est pas en attente", "The ticket is not on hold";
    TicketNotResolvable = "ticket_not_resolvable", 409, "La saisine ne peut pas être déclarée traitée", "The ticket cannot be resolved";
    TicketNotReopenable = "ticket_not_reopenable", 409, "La saisine n’est ni traitée ni clôturée", "The ticket is neither resolved nor closed";
    TicketNotResolved = "ticket_not_resolved", 409, "La saisine n’est ni traitée ni refusée", "The ticket is neither resolved nor refused";
    TicketNotCancellable = "ticket_not_cancellable", 409, "La saisine ne peut plus être annulée", "The ticket can no longer be cancelled";
    TicketMerged = "ticket_merged", 409, "La saisine a été clôturée comme doublon : ce qu’il en advient se décide sur la saisine principale", "The ticket was closed as a duplicate: what becomes of it is decided on the main ticket";
    TicketNotMerged = "ticket_not_merged", 409, "La saisine n’a pas été clôturée comme doublon", "The ticket was not closed as a duplicate";
    TicketNotAssignable = "ticket_not_assignable", 409, "Le service n’a plus cette saisine à traiter", "The service no longer has the ticket to settle";
    AlreadyReceived = "already_received", 409, "Le service a déjà ouvert cette saisine", "The service has opened the ticket before";
    TicketEnded = "ticket_ended", 409, "La saisine est déjà terminée", "The ticket has ended";
    ReopenWindowOver = "reopen_window_over", 409, "Une saisine clôturée ne peut être rouverte que pendant 30 jours", "A closed ticket can be reopened for 30 days only";
    ClosureReasonGiven = "closure_reason_given", 409, "La saisine a déjà un motif de clôture", "The ticket has a closure reason already";
    HiddenFromReferrer = "hidden_from_referrer", 409, "L’agent référent n’a pas connaissance de cette saisine", "The referrer is not to know of this ticket";
    ResidentWithoutAddress = "resident_without_address", 409, "L’habitant n’a pas laissé d’adresse e-mail, ou elle ne reçoit rien", "The resident left no e-mail address, or it takes no mail";
    NoTrackingLink = "no_tracking_link", 409, "L’habitant n’a pas de lien de suivi", "The resident has no tracking link";
    FeedbackNotOpen = "feedback_not_open", 409, "Le service n’a pas encore répondu, sa réponse date de plus de 30 jours, ou la demande a été rouverte depuis", "The service has not answered yet, or more than 30 days ago, or the request was reopened since";
    MessageHasLeft = "message_has_left", 409, "Le message est parti : il ne peut plus être repris", "The message has left: it can no longer be taken back";
    BulkRefused = "bulk_refused", 409, "Rien n’a changé : certaines saisines s’y opposent", "Nothing has changed: it was refused for some of the tickets";
    RunNotWaiting = "run_not_waiting", 409, "Aucun effacement de ce numéro n’attend d’être confirmé", "No run of that id waits to be confirmed";
    AttachmentsFull = "attachments_full", 409, "La saisine a déjà autant de pièces jointes qu’elle peut en avoir", "The ticket has as many attachments as it can have";
    AttachmentNotScanned = "attachment_not_scanned", 409, "L’antivirus n’a pas encore vu cette pièce jointe", "The virus scanner has not seen the attachment yet";
    EmailTaken = "email_taken", 409, "Un compte a déjà cette adresse", "There is an account with that address already";
    NameTaken = "name_taken", 409, "Un programme porte déjà ce nom", "There is a program of that name already";
    FilterNameTaken = "filter_name_taken", 409, "Il y a déjà un filtre de ce nom", "There is a filter of that name already";
    TooManyFilters = "too_many_filters", 409, "Il y en a déjà cent : supprimez-en un d’abord", "There are a hundred of them already: delete one first";
    DraftNameTaken = "draft_name_taken", 409, "Un autre brouillon porte ce nom", "Another draft is called so";
    TooManyDrafts = "too_many_drafts", 409, "Il y a déjà cinquante brouillons : supprimez-en un d’abord", "There are fifty drafts already: delete one first";
    DraftOutdated = "draft_outdated", 409, "D’autres règles ont été publiées depuis ce brouillon", "Other rules were published since the draft was begun";
    RulesInForce = "rules_in_force", 409, "Ces règles sont déjà en vigueur", "These rules are in force already";
    TwoSecrets = "two_secrets", 409, "Ce programme en a déjà deux : révoquez-en un d’abord", "The program has two of them already: revoke one first";
    TooManyWebhooks = "too_many_webhooks", 409, "Le programme en a déjà vingt : supprimez-en un d’abord", "The program has twenty of them already: delete one first";
    TooManyWebhookSecrets = "too_many_webhook_secrets", 409, "Cinq secrets signent déjà : attendez que l’un d’eux cesse", "Five secrets sign already: wait until one of them no longer does";
    ReplayUnderWay = "replay_under_way", 409, "Des événements sont déjà en train d’être renvoyés", "Events are being delivered again already";
    InvitationAccepted = "invitation_accepted", 409, "L’invitation a déjà été acceptée", "The invitation was accepted already";
    OnlyWayIn = "only_way_in", 409, "Rien d’autre n’ouvrirait ce compte, ou aucun compte d’administration", "Nothing else would let anybody into this account, or into an administrator's";
    SecondFactorSetUp = "second_factor_set_up", 409, "Un second facteur est déjà en place", "A second factor is set up already";
    SecondFactorNotSetUp = "second_factor_not_set_up", 409, "Aucun second facteur n’est en place", "No second factor is set up";
    PartnerLinkExpired = "partner_link_expired", 410, "Ce lien a expiré", "This link has expired";
    PartnerLinkOver = "partner_link_over", 410, "Ce lien ne mène plus à une saisine", "This link no longer leads to a ticket";
    PartnerLinkStillValid = "partner_link_still_valid", 409, "Ce lien est encore valable", "This link still works";
    AttachmentRemoved = "attachment_removed", 410, "Cette pièce jointe a été retirée", "The attachment was taken back";
    EventsExpired = "events_expired", 410, "Les événements qui suivaient ne sont plus conservés", "The events that came next are no longer kept";
    EventsAhead = "events_ahead", 410, "Aucun événement n’a encore eu ce numéro", "No event has had that sequence yet";
    Gone = "gone", 410, "Cela n’est plus conservé : la durée de conservation est passée", "It is no longer kept: the time for which the city keeps it is over";
    LinkExpired = "link_expired", 410, "Ce lien a déjà servi, ou n’est plus valable", "The link was used already, or is no longer valid";
    StaleVersion = "stale_version", 412, "Cela a changé depuis que vous l’avez lu", "It has changed since you read it";
    BodyTooLarge = "body_too_large", 413, "Le corps de la requête est trop grand", "The request body is too large";
    UriTooLong = "uri_too_long", 414, "L’adresse de la requête est trop longue", "The request target is too long";
    UnsupportedMediaType = "unsupported_media_type", 415, "Le corps n’est pas d’un type accepté ici", "The body is not of a type that is accepted here";
    InvalidContent = "invalid_content", 422, "La requête est bien formée, mais son contenu ne convient pas", "The request is well formed, but its content does not fit";
    NotAnEmail = "not_an_email", 422, "Ce n’est pas un courriel", "This is no e-mail";
    IdempotencyKeyReused = "idempotency_key_reused", 422, "Cette clé d’idempotence a servi à une autre requête, ou à ce qui a été effacé depuis", "The idempotency key was used for another request, or for what was erased since";
    IfMatchNeeded = "if_match_needed", 428, "Il faut dire quelle version vous avez lue (If-Match)", "Say which version you have read (If-Match)";
    WrongSlip = "wrong_slip", 422, "Le code ou la réponse ne convient pas", "The code or the answer is wrong";
    TooManyAttempts = "too_many_attempts", 429, "Trop de tentatives", "Too many attempts";
    RateLimited = "rate_limited", 429, "Trop de requêtes", "Too many requests";
    TooManyExports = "too_many_exports", 429, "Trop d’exports sont en cours", "Too many exports are under way";
    TooManyStreams = "too_many_streams", 429, "Trop de flux sont ouverts", "Too many streams are open";
    HeadersTooLarge = "headers_too_large", 431, "Les en-têtes de la requête sont trop grands", "The request headers are too large";
    Internal = "internal", 500, "Une erreur est survenue de notre côté", "Something went wrong on our side";
    Unavailable = "unavailable", 503, "Le service est momentanément indisponible", "The service is unavailable for the moment";
    NoGeocoder = "no_geocoder", 503, "Aucune adresse ne peut être recherchée pour le moment", "No address can be looked up for the moment";
    NoCity = "no_city", 503, "Aucune ville n’est encore chargée", "No city is loaded yet";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
