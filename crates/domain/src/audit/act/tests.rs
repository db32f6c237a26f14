//! Every act has a code, and reads back as it was kept.

use super::*;
use uuid::Uuid;

fn every_act() -> Vec<Act> {
    let user = UserId(Uuid::from_u128(1));
    let session = SessionId(Uuid::from_u128(2));
    let client = ClientId(Uuid::from_u128(3));
    let secret = ClientSecretId(Uuid::from_u128(4));
    let webhook = WebhookId(Uuid::from_u128(10));
    let ticket = TicketId(Uuid::from_u128(5));
    let concern = ConcernId(Uuid::from_u128(6));
    let (identity, issuer) = (IdentityId(Uuid::from_u128(7)), "https://issuer.example".to_owned());
    let (roles, services) = (vec![Role::Admin], vec!["voirie".parse().unwrap()]);
    vec![
        Act::TicketRead { ticket },
        Act::TicketsListed { tickets: vec![ticket] },
        Act::TicketsExported { format: "csv".into(), by: vec!["status".into()] },
        Act::InfectedUpload { ticket, virus: "Eicar-Test-Signature".into() },
        Act::ContactRead { concern },
        Act::ResidentFound { concerns: vec![concern] },
        Act::ResidentExported { concerns: vec![concern] },
        Act::ResidentErased { concerns: vec![concern] },
        Act::MailDeleted { mail: Uuid::from_u128(8) },
        Act::RetentionConfirmed { contacts: 900, texts: 0, rows: 0 },
        Act::RetentionRan { contacts: 12, texts: 3, rows: 0 },
        Act::AuditRemoved { until: 4711 },
        Act::TrackingRenewed { concern },
        Act::TrackingEnded { concern },
        Act::SlipMade { concern },
        Act::UserInvited { user, roles, services },
        Act::UserChanged { user, changed: vec!["roles".into()], roles: Some(vec![Role::Agent]), services: None },
        Act::UserDisabled { user },
        Act::UserEnabled { user },
        Act::SessionsEnded { user },
        Act::SecondFactorEnabled { user },
        Act::SecondFactorRemoved { user },
        Act::PasswordSet { user },
        Act::IdentityLinked { user, identity: Some(identity), issuer: Some(issuer.clone()) },
        Act::IdentityUnlinked { user, identity, issuer: issuer.clone() },
        Act::LoginRefused { user: None, reason: LoginRefusal::UnknownPerson },
        Act::LoginThrottled { user: Some(user) },
        Act::SessionBegun { user, session, method: Method::Password, second_factor: Some(SecondFactor::RecoveryCode) },
        Act::RefreshReused { user, session },
        Act::CodeReused { user, session },
        Act::SignInRefused {
            reason: SignInRefusal::SiretNotAllowed,
            issuer: Some(issuer),
            siret: Some("73282932000074".parse().unwrap()),
        },
        Act::ClientCreated { client, scopes: vec!["tickets".into()], services: vec![], categories: vec![] },
        Act::ClientChanged {
            client,
            changed: vec!["scopes".into()],
            scopes: Some(vec!["tickets".into()]),
            services: None,
            categories: None,
        },
        Act::ClientSecretAdded { client, secret },
        Act::ClientSecretRevoked { client, secret },
        Act::ClientDisabled { client },
        Act::WebhookCreated { webhook },
        Act::WebhookChanged { webhook, changed: vec!["url".into()] },
        Act::WebhookSecretRotated { webhook },
        Act::WebhookDeleted { webhook },
        Act::ClientRefused { client: None, reason: ClientRefusal::UnknownClient },
        Act::RefusalsWithheld {
            of: "client_refused".into(),
            user: None,
            count: 3,
            since: DateTime::UNIX_EPOCH,
            until: DateTime::UNIX_EPOCH,
        },
        Act::KeysRotated { kid: "abc".into() },
        Act::ResidentsKeyReplaced { kid: "abc".into() },
        Act::CityLoaded { changed: vec!["service".into()] },
        Act::AreasRecomputed { concerns: 3, tickets: 4, cafes: 1 },
        Act::RoutingPublished { version: 4, restored_from: Some(2) },
        Act::RoutingReplayed { concerns: 1000 },
        Act::CafeChanged { cafe: CafeId(Uuid::from_u128(8)), action: Action::Change, changed: vec!["title".into()] },
        Act::SheetPublished {
            sheet: RestitutionId(Uuid::from_u128(9)),
            cafe: None,
            area: Some("secteurs:nord".into()),
            days: Some((NaiveDate::default(), NaiveDate::default())),
        },
        Act::SheetWithdrawn { sheet: RestitutionId(Uuid::from_u128(9)) },
        Act::OutboxReplayed { count: 2 },
        Act::OutboxDismissed { count: 1 },
    ]
}

#[test]
fn every_act_is_kept_under_its_code_and_reads_back() {
    let acts = every_act();
    assert_eq!(acts.iter().map(Act::code).collect::<Vec<_>>(), Act::CODES);
    for act in acts {
        let kept = serde_json::to_value(&act).unwrap();
        assert_eq!(kept["type"], act.code());
        assert_eq!(serde_json::from_value::<Act>(kept).unwrap(), act);
    }
}

#[test]
fn what_was_recorded_before_more_was_said_still_reads() {
    let user = UserId(Uuid::from_u128(1));
    for (kept, act) in [
        (
            serde_json::json!({ "type": "identity_linked", "user": user }),
            Act::IdentityLinked { user, identity: None, issuer: None },
        ),
        (
            serde_json::json!({ "type": "sign_in_refused", "reason": "unknown_person" }),
            Act::SignInRefused { reason: SignInRefusal::UnknownPerson, issuer: None, siret: None },
        ),
        (
            serde_json::json!({ "type": "session_begun", "user": user, "session": user, "method": "oidc" }),
            Act::SessionBegun { user, session: SessionId(user.0), method: Method::Oidc, second_factor: None },
        ),
    ] {
        assert_eq!(serde_json::from_value::<Act>(kept).unwrap(), act);
    }
}
