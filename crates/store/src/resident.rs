//! What residents left: sealed before it reaches the database.

use std::fmt;

use domain::id::ConcernId;
use domain::language::Language;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};

use crate::connect::sql;
use crate::{Error, Result, SealingKey, Store};

/// How a resident can be reached. Every field is optional but the language.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The language in which they want to be answered.
    pub language: Language,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Contact {
    pub(crate) fn seal(&self, key: &SealingKey, concern: ConcernId) -> Result<Vec<u8>> {
        key.seal(concern.0, &serde_json::to_vec(self).map_err(Error::corrupt)?)
    }

    pub(crate) fn open(key: &SealingKey, concern: ConcernId, key_id: &str, sealed: &[u8]) -> Result<Self> {
        serde_json::from_slice(&key.open(concern.0, key_id, sealed)?).map_err(Error::corrupt)
    }
}

/// The token of a concern's tracking link, of one generation.
pub(crate) fn tracking_token(key: &SealingKey, concern: ConcernId, generation: i32) -> String {
    key.token("continuum tracking link", concern.0, generation)
}

#[derive(FromQueryResult)]
struct Row {
    key_id: String,
    sealed: Vec<u8>,
}

/// What the resident of a concern left, opened.
pub(crate) async fn contact(
    db: &impl ConnectionTrait,
    key: &SealingKey,
    concern: ConcernId,
) -> Result<Option<Contact>> {
    let statement = sql("select key_id, sealed from resident_contact where concern_id = $1", [concern.0.into()]);
    let row = Row::find_by_statement(statement).one(db).await?;
    row.map(|row| Contact::open(key, concern, &row.key_id, &row.sealed)).transpose()
}

impl Store {
    /// A key other than the ones at hand that sealed some row: what it seals, and its id; none when the keys at hand
    /// fit all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn foreign_key(&self) -> Result<Option<(&'static str, String)>> {
        let residents = sql(
            "select key_id from resident_contact where key_id <> $1
             union all select key_id from unplaced_mail where key_id <> $1 limit 1",
            [self.keys.residents.id().into()],
        );
        if let Some(row) = self.db.query_one_raw(residents).await? {
            return Ok(Some(("residents", row.try_get_by_index(0)?)));
        }
        let accounts =
            sql("select key_id from second_factor where key_id <> $1 limit 1", [self.keys.accounts.id().into()]);
        let row = self.db.query_one_raw(accounts).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(|id| ("accounts", id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_opened_and_not_shown() {
        let key = SealingKey::new([7; 32]);
        let concern = ConcernId(uuid::Uuid::from_u128(1));
        let contact = Contact { name: None, email: Some("h@mail.example".into()), phone: None, language: Language::En };
        let sealed = contact.seal(&key, concern).unwrap();
        assert_eq!(Contact::open(&key, concern, key.id(), &sealed).unwrap(), contact);
        assert_eq!(format!("{contact:?}"), "Contact { language: En, .. }");
    }
}
