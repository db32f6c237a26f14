//! Linking an account with who its owner is at the identity provider.
//!
//! The provider answers for the person whom it knows in this browser, mostly without asking them anything: on a computer
//! that several people use, that may be a colleague. And somebody could have another person follow a link to an account
//! that is not theirs. So the owner is shown who would be linked with which account, and says yes, by a form: two secrets,
//! one in the browser's cookie, which no form of another site brings along (`SameSite`), and one in the form, which no
//! other site knows. Unless both come back within ten minutes, nothing is kept.

use auth::oidc::Identity;
use auth::secret::{Secret, digest};
use chrono::Duration;
use domain::account::Affair;
use domain::audit::{Act, By};
use domain::id::{IdentityId, MessageId};
use serde::{Deserialize, Serialize};
use store::identity::{Key, Linking};
use store::outbox::Message;
use store::sign_in::Stage;
use store::user::User;

use super::sign_in::{SignInError, recall, recorded, remember};
use crate::{Context, Origin};

/// How long one may think about it.
pub const ASKED: Duration = Duration::minutes(10);

/// Whether an account and an identity are to be linked.
pub struct Question {
    /// What the browser keeps meanwhile.
    pub cookie: Secret,
    /// What the form brings.
    pub answer: Secret,
    /// The account.
    pub user: User,
    /// What the provider calls the person.
    pub called: String,
    /// The provider: its issuer URL.
    pub issuer: String,
}

/// What is remembered of the identity until the answer.
#[derive(Serialize, Deserialize)]
struct Asked {
    link: String,
    issuer: String,
    idp: String,
    subject: String,
    called: String,
}

impl Asked {
    fn key(&self) -> Key<'_> {
        Key { issuer: &self.issuer, idp: &self.idp, subject: &self.subject }
    }
}

fn both(cookie: &str, answer: &str) -> Vec<u8> {
    digest(&format!("{cookie}.{answer}"))
}

/// Asks whether the identity is to be linked with the account of a link.
pub(super) async fn ask(cx: &Context, token: String, identity: &Identity) -> Result<Question, SignInError> {
    let user = crate::password::of_link(cx, &token).await?.ok_or(SignInError::LinkInvalid)?;
    let asked = Asked {
        link: token,
        issuer: identity.issuer.clone(),
        idp: identity.idp_id.clone().unwrap_or_default(),
        subject: identity.subject.clone(),
        called: identity.called(),
    };
    if user.second_factor {
        return Err(SignInError::SecondFactor);
    }
    if cx.store.identity_owner(asked.key()).await?.is_some_and(|(owner, _)| owner != user.person.user) {
        return Err(SignInError::SomebodyElse);
    }
    let (cookie, answer) = (Secret::generate(""), Secret::generate(""));
    let (plain, both) = (remember(&asked)?, both(cookie.expose(), answer.expose()));
    cx.store.keep_sign_in(cx.ids.next(), Stage::Question, &both, &plain, cx.now() + ASKED).await?;
    Ok(Question { cookie, answer, user, called: asked.called, issuer: asked.issuer })
}

/// Links the two, as was asked of the browser that holds this cookie and sends this answer. The link is used up. Returns the
/// account: its owner signs in from the program that they use, which alone can answer for the code.
///
/// # Errors
/// See [`SignInError`].
pub async fn confirm(cx: &Context, cookie: Option<&str>, answer: &str, from: &Origin) -> Result<User, SignInError> {
    recorded(cx, link(cx, cookie, answer, from).await, from).await
}

async fn link(cx: &Context, cookie: Option<&str>, answer: &str, from: &Origin) -> Result<User, SignInError> {
    let now = cx.now();
    let cookie = cookie.ok_or(SignInError::NoAttempt)?;
    let asked = cx.store.take_sign_in(Stage::Question, &both(cookie, answer), now).await?;
    let asked: Asked = recall(&asked.ok_or(SignInError::NoAttempt)?)?;
    let tx = cx.store.begin().await?;
    let link = tx.lock_link(&asked.link, now).await?.ok_or(SignInError::LinkInvalid)?;
    let user = tx.lock_user(link.user).await?.filter(|user| user.active).ok_or(SignInError::LinkInvalid)?;
    // Who reads somebody's mail has not proved to be them where the account asks for more.
    if user.second_factor {
        return Err(SignInError::SecondFactor);
    }
    let id = IdentityId(cx.ids.next());
    let identity = match tx.link_identity(id, asked.key(), link.user, &asked.called, now).await? {
        Linking::New => id,
        Linking::Before(id) => id,
        Linking::SomebodyElses => return Err(SignInError::SomebodyElse),
    };
    tx.spend_links(link.user, now).await?;
    if identity == id {
        let act = Act::IdentityLinked { user: link.user, identity: Some(id), issuer: Some(asked.issuer.clone()) };
        tx.audit(&from.record(By::Person { user: link.user }, act, now));
        let affair = Affair::IdentityChanged { issuer: asked.issuer, linked: true };
        tx.append_message(&Message::to_person(link.user, MessageId(cx.ids.next()), affair), now).await?;
    }
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(user)
}
