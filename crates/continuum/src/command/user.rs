//! `continuum user`.

use std::io::Read as _;

use anyhow::{Context as _, Result, bail};
use auth::password::{Cost, Passwords};
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use domain::clock::{Clock as _, Ids as _};
use domain::id::{ServiceCode, UserId};
use domain::language::Language;
use domain::person::Role;
use domain::ticket::rights::Person;
use store::user::User as Account;

use super::database::DatabaseOptions;
use super::tell;
use crate::{SystemClock, TimeOrderedIds};

/// The shortest password that is accepted: with 12 characters, CNIL 2022-100 asks for no further measure of its own.
const SHORTEST: usize = 12;

/// Make accounts.
#[derive(clap::Args)]
pub struct User {
    #[command(subcommand)]
    command: UserCommand,
}

fn role_parser() -> impl clap::builder::TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::code))
        .map(|code| Role::from_code(&code).expect("the values offered are the roles' codes"))
}

/// What to do with accounts.
#[derive(clap::Subcommand)]
enum UserCommand {
    /// Make an account, or change the one with that address. The password is read from standard input.
    Put {
        /// The address to log in with.
        #[arg(long)]
        email: String,
        /// The person's name.
        #[arg(long)]
        name: String,
        /// What the person may do; repeat it for several.
        #[arg(long = "role", required = true, value_parser = role_parser())]
        roles: Vec<Role>,
        /// A service that the person works in, by code; repeat it for several.
        #[arg(long = "service")]
        services: Vec<ServiceCode>,
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

impl User {
    pub(crate) async fn run(self) -> Result<()> {
        let UserCommand::Put { email, name, roles, services, database: options } = self.command;
        if roles.contains(&Role::ServiceMember) == services.is_empty() {
            bail!("the role service_member and at least one --service go together");
        }
        let mut password = String::new();
        std::io::stdin().read_to_string(&mut password).context("the password is read from standard input")?;
        let password = password.trim_end_matches(['\r', '\n']);
        if password.chars().count() < SHORTEST {
            bail!("a password has at least {SHORTEST} characters");
        }
        let account = Account {
            person: Person {
                user: UserId(TimeOrderedIds.next()),
                roles: roles.into_iter().collect(),
                services: services.into_iter().collect(),
            },
            email,
            name,
            language: Language::Fr,
            password_hash: Some(Passwords::new(Cost::default())?.hash(password)?),
        };
        let database = options.open().await?;
        let store = options.store(&database).await?;
        let tx = store.begin().await?;
        tx.put_user(&account, SystemClock.now()).await.context("is each --service one of the city's?")?;
        tx.commit().await?;
        tell(format_args!("{} can log in.", account.email));
        store.close().await;
        database.stop().await
    }
}
