//! Words that are searched for in the texts of tickets, as conditions on the tables `ticket_text` and `ticket`.

use chrono::{DateTime, Utc};
use domain::text::SearchWords;
use sea_orm::sea_query::{Alias, Expr, Query, SelectStatement};
use sea_orm::{ColumnTrait as _, Condition};

use super::entity::Column;
use super::period::Period;
use crate::Scope;

/// What is searched for in the texts of tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Words, « expressions », -without: as people type them.
    pub words: SearchWords,
    /// Whether words that resemble those are enough.
    pub fuzzy: bool,
}

/// The table of periods that a statement walks through.
pub(super) const PERIOD: &str = "period";
/// What it looks for in each.
pub(super) const WANTED: &str = "wanted";

/// The shortest word that is searched for by what it resembles: shorter ones resemble too many.
const SHORTEST: usize = 4;
/// How many words are searched for by what they resemble.
const MOST: usize = 6;

impl Search {
    /// The words, references as `ticket_body` (migration 0011) writes them: `AMI-26-4217` is `ami26004217`; hyphens inside
    /// of words are spaces, as in the texts.
    fn query(&self) -> String {
        let parted = |word: &str| match word.strip_prefix('-') {
            Some(without) => format!("-{}", without.replace('-', " -")),
            None => word.replace('-', " "),
        };
        let word = |word: &str| reference(word).unwrap_or_else(|| parted(word));
        self.words.as_str().split_whitespace().map(word).collect::<Vec<_>>().join(" ")
    }

    /// The words that are searched for by what they resemble. Numbers are not: a number that differs is another one.
    fn resembled(&self) -> Vec<&str> {
        let words = self.words.as_str().split(|c: char| !c.is_alphanumeric());
        let long = |word: &&str| word.chars().count() >= SHORTEST && !word.contains(|c: char| c.is_numeric());
        words.filter(long).take(MOST).collect()
    }

    /// When the tickets were filed that are looked at, if not in steps: of words that only resemble, within the last months.
    pub(super) fn at_once(&self, now: DateTime<Utc>) -> Option<Period> {
        if self.fuzzy { Period::resembling_at_once(now) } else { None }
    }

    /// The ids of the tickets of that period, of all of the past without one, of which one text, among those that the scope's caller reads, holds all of it.
    pub(super) fn found(&self, scope: &Scope, period: Option<&Period>) -> SelectStatement {
        let wanted = (!self.fuzzy).then(|| Expr::cust_with_values("words @@ wanted($1)", [self.query()]));
        let filed = period.and_then(|period| period.words.as_deref());
        let filed = filed.map(|filed| Expr::cust_with_values("words @@ $1::tsquery", [filed]));
        self.texts(scope, [wanted, filed])
    }

    /// The same of the period in whose [row](Period::row) it stands, beside what is [wanted](Self::wanted).
    fn found_in_turn(&self, scope: &Scope) -> SelectStatement {
        // Two conditions: of one, PostgreSQL would read all that hold the words, of all of the past, to find those of the period.
        let (wanted, filed) = if self.fuzzy {
            (None, format!("words @@ {PERIOD}.column1::tsquery"))
        } else {
            let filed = format!("words @@ coalesce({PERIOD}.column1::tsquery, {WANTED}.words)");
            (Some(Expr::cust(format!("words @@ {WANTED}.words"))), filed)
        };
        self.texts(scope, [wanted, Some(Expr::cust(filed))])
    }

    /// The words as a query, made once for all periods; none, and so nothing of any period, unless that is so.
    pub(super) fn wanted(&self, still: Option<Condition>) -> SelectStatement {
        let mut wanted = Query::select();
        wanted.expr_as(Expr::cust_with_values("wanted($1)", [self.query()]), Alias::new("words")).offset(0);
        wanted.cond_where(Condition::all().add_option(still));
        wanted
    }

    fn texts(&self, scope: &Scope, holds: [Option<Expr>; 2]) -> SelectStatement {
        let mut texts = Query::select();
        texts.column(Alias::new("ticket_id")).from(Alias::new("ticket_text")).and_where_option(scope.texts());
        let [wanted, filed] = holds;
        texts.and_where_option(wanted).and_where_option(filed);
        if self.fuzzy {
            let words = self.resembled();
            if words.is_empty() {
                texts.and_where(Expr::val(false));
            }
            for word in words {
                texts.and_where(Expr::cust_with_values("resembles(fold($1), body)", [word]));
            }
        }
        texts
    }

    /// Whether a ticket was filed in that period and is [found](Self::found).
    pub(super) fn condition(&self, scope: &Scope, period: Option<&Period>) -> Condition {
        let since = period.and_then(|period| period.from).map(|at| Column::FiledAt.gte(at));
        let until = period.map(|period| Column::FiledAt.lt(period.before));
        let found = Condition::all().add(Column::Id.in_subquery(self.found(scope, period)));
        found.add_option(since).add_option(until)
    }

    /// The same of the period in whose [row](Period::row) it stands. The ids are looked for first: a step brings few.
    pub(super) fn condition_in_turn(&self, scope: &Scope) -> Condition {
        let found = Expr::SubQuery(None, Box::new(self.found_in_turn(scope).into()));
        Condition::all()
            .add(Expr::cust_with_exprs("ticket.id = any(array $1)", [found]))
            .add(Expr::cust(format!("ticket.filed_at >= {PERIOD}.column2 and ticket.filed_at < {PERIOD}.column3")))
    }

    /// How well a ticket fits, as far as the scope's caller reads its texts: a `real`, the better the greater.
    pub(super) fn rank(&self, scope: &Scope) -> Expr {
        let (rank, words) = if self.fuzzy {
            ("max(likeness(fold($1), body))", self.resembled().join(" "))
        } else {
            ("max(ts_rank(words, wanted($1)))", self.query())
        };
        let best = Query::select()
            .expr(Expr::cust_with_values(rank, [words]))
            .from(Alias::new("ticket_text"))
            .and_where(Expr::cust("ticket_id = ticket.id"))
            .and_where_option(scope.texts())
            .to_owned();
        Expr::SubQuery(None, Box::new(best.into()))
    }
}

/// A reference as texts hold it, if the word is one.
fn reference(word: &str) -> Option<String> {
    let (prefix, rest) = word.split_once('-')?;
    let (year, number) = rest.split_once('-')?;
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let is_one = (2..=5).contains(&prefix.len())
        && prefix.chars().all(|c| c.is_ascii_alphabetic())
        && year.len() == 2
        && digits(year)
        && (1..=12).contains(&number.len())
        && digits(number);
    is_one.then(|| format!("{prefix}{year}{number:0>6}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_searched_as_they_are_kept() {
        for (word, kept) in [
            ("AMI-26-004217", Some("AMI26004217")),
            ("ami-26-4217", Some("ami26004217")),
            ("AMI-26-1234567", Some("AMI261234567")),
            ("peut-être", None),
            ("a-26-1", None),
            ("saint-26-x", None),
        ] {
            assert_eq!(reference(word).as_deref(), kept, "{word}");
        }
        let search = |words: &str| Search { words: words.to_owned().try_into().unwrap(), fuzzy: false };
        assert_eq!(search("matelas  AMI-26-1").query(), "matelas AMI26000001");
        assert_eq!(search("de l’éclairage, rue Saint-Leu").resembled(), ["éclairage", "Saint"]);
    }
}
