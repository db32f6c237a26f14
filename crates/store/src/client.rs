//! Programs that use the API.

use std::collections::BTreeSet;

use domain::id::{CategoryCode, ClientId, ServiceCode};
use domain::rights::{Client, ClientScope};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, Store};

#[derive(FromQueryResult)]
struct HolderRow {
    scopes: Vec<String>,
    services: Vec<String>,
    categories: Vec<String>,
}

/// The program of a row, with what it may do.
pub(crate) fn client(id: Uuid, scopes: &[String], services: Vec<String>, categories: Vec<String>) -> Result<Client> {
    let scopes: Option<BTreeSet<ClientScope>> = scopes.iter().map(|scope| ClientScope::from_code(scope)).collect();
    let services: std::result::Result<_, _> = services.into_iter().map(ServiceCode::try_from).collect();
    let categories: std::result::Result<_, _> = categories.into_iter().map(CategoryCode::try_from).collect();
    Ok(Client {
        client: ClientId(id),
        scopes: scopes.ok_or_else(|| Error::corrupt("a program has an unknown scope"))?,
        services: services.map_err(Error::corrupt)?,
        categories: categories.map_err(Error::corrupt)?,
    })
}

impl Store {
    /// The program of a verified access token, with what it may do at this moment; none when it is disabled or the
    /// token was revoked. Asked at every request.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn token_holder(&self, id: ClientId, token: Uuid) -> Result<Option<Client>> {
        let statement = sql(
            "select scopes, services, categories from api_client
             where id = $1 and active and not exists (select from revoked_token where id = $2)",
            [id.0.into(), token.into()],
        );
        let Some(row) = HolderRow::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        Ok(Some(client(id.0, &row.scopes, row.services, row.categories)?))
    }
}
