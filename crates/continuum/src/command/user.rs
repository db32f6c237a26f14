//! `continuum user`.

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use domain::email::EmailAddress;
use domain::id::ServiceCode;
use domain::language::Language;
use domain::person::Role;
use domain::text::PersonName;
use usecases::Context;
use usecases::user::{Fault, Invite, InviteError};

use super::database::DatabaseOptions;
use super::tell;

/// Invite people, or help who has lost their second factor.
#[derive(clap::Args)]
pub struct User {
    #[command(subcommand)]
    command: UserCommand,
}

fn role_parser() -> impl clap::builder::TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::code))
        .map(|code| Role::from_code(&code).expect("the values offered are the roles' codes"))
}

fn language_parser() -> impl clap::builder::TypedValueParser<Value = Language> {
    PossibleValuesParser::new(["fr", "en"]).map(|tag| if tag == "en" { Language::En } else { Language::Fr })
}

/// What to do with accounts.
#[derive(clap::Subcommand)]
enum UserCommand {
    /// Invite somebody: they get an e-mail with a link by which they choose a password. The first administrator is
    /// invited so; everybody else can be invited through the API.
    Invite {
        /// The address to write to, and to log in with.
        #[arg(long)]
        email: EmailAddress,
        /// The person's name.
        #[arg(long, value_parser = |name: &str| PersonName::try_from(name.to_owned()))]
        name: PersonName,
        /// What the person may do; repeat it for several.
        #[arg(long = "role", required = true, value_parser = role_parser())]
        roles: Vec<Role>,
        /// A service that the person works in, by code; repeat it for several.
        #[arg(long = "service")]
        services: Vec<ServiceCode>,
        /// The language in which the person is written to.
        #[arg(long, value_parser = language_parser(), default_value = "fr")]
        language: Language,
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Take somebody's second factor away who has lost it, when no administrator is left to do so. Their sessions end,
    /// and they are told by e-mail.
    RemoveSecondFactor {
        /// The address of the account.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

impl User {
    pub(crate) async fn run(self) -> Result<()> {
        let (options, work) = match self.command {
            UserCommand::Invite { email, name, roles, services, language, database } => {
                let (roles, services) = (roles.into_iter().collect(), services.into_iter().collect());
                (database, Work::Invite(Invite { email, name, language, roles, services }))
            }
            UserCommand::RemoveSecondFactor { email, database } => (database, Work::RemoveSecondFactor(email)),
        };
        let database = options.open().await?;
        let context = options.context(&database).await?;
        let done = work.run(&context).await;
        if done.is_ok() {
            context.store.announce_messages().await?;
        }
        context.store.close().await;
        database.stop().await?;
        tell(done?);
        Ok(())
    }
}

enum Work {
    Invite(Invite),
    RemoveSecondFactor(String),
}

impl Work {
    /// Does it; what there is to say then.
    async fn run(self, context: &Context) -> Result<String> {
        match self {
            Self::Invite(cmd) => {
                let user = usecases::user::invite_by_operator(context, cmd).await.map_err(words)?;
                Ok(format!(
                    "{} is invited. A worker (`serve` has one) sends the e-mail with the link, which works once within \
                     seven days.",
                    user.email
                ))
            }
            Self::RemoveSecondFactor(email) => {
                usecases::second_factor::remove_by_operator(context, &email).await?;
                Ok(format!("{email} logs in with the password alone, and can set a second factor up anew."))
            }
        }
    }
}

fn words(error: InviteError) -> anyhow::Error {
    let InviteError::Invalid(faults) = error else { return error.into() };
    let words = |fault: &Fault| match fault {
        Fault::NoRole => "at least one --role is needed".to_owned(),
        Fault::NoService => "a role in a service goes with at least one --service".to_owned(),
        Fault::ServiceNotExpected => "without a role in a service, there is no --service".to_owned(),
        Fault::UnknownService(code) => format!("the city has no service {code}"),
        Fault::LastAdmin(_) => "this is the last administrator".to_owned(),
    };
    anyhow::anyhow!(faults.iter().map(words).collect::<Vec<_>>().join("; "))
}
