//! Words that are searched for in the texts of tickets, as conditions on the tables `ticket_text` and `ticket`.

use chrono::{DateTime, Utc};
use domain::text::SearchWords;
use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, JoinType, Query, SelectStatement, UnionType, Value, WithClause,
};
use sea_orm::{ColumnTrait as _, Condition};

use super::entity::Column;
use super::period::{Period, after};
use crate::Scope;

/// What is searched for in the texts of tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Words, « expressions », -without: as people type them.
    pub words: SearchWords,
    /// Whether words that resemble those are enough.
    pub fuzzy: bool,
}

/// The steps of a [walk](Search::walk).
const STEP: &str = "step";
/// The one that is being made.
const NEXT: &str = "next_step";
/// What it found.
const FOUND: &str = "found";

/// The shortest word that is searched for by what it resembles: shorter ones resemble too many.
const SHORTEST: usize = 4;
/// How many words are searched for by what they resemble.
const MOST: usize = 6;

impl Search {
    /// The words, references as `ticket_body` (migration 0011) writes them: `AMI-26-4217` is `ami26004217`; hyphens inside
    /// of words are spaces, as in the texts.
    pub(crate) fn query(&self) -> String {
        let word = |word: &str| {
            let before = if word.starts_with(is_dash) { "-" } else { "" };
            // As they are pasted: « (AMI-26-004217). ».
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            if let Some(kept) = reference(bare) {
                let quote = |is_there: bool| if is_there { "\"" } else { "" };
                let begins = word.trim_start_matches(is_dash).starts_with('"');
                return format!("{before}{}{kept}{}", quote(begins), quote(word.ends_with('"')));
            }
            let parts = word.split(is_dash).filter(|part| !part.is_empty());
            parts.map(|part| format!("{before}{part}")).collect::<Vec<_>>().join(" ")
        };
        let words = self.words.as_str().split_whitespace().map(word).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }

    /// The words that are searched for by what they resemble. Numbers are not: a number that differs is another one.
    fn resembled(&self) -> Vec<&str> {
        let asked = self.words.as_str().split_whitespace().filter(|word| !word.starts_with(is_dash));
        let words = asked.flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
        let long = |word: &&str| word.chars().count() >= SHORTEST && !word.contains(|c: char| c.is_numeric());
        words.filter(long).take(MOST).collect()
    }

    /// When the tickets were filed that are looked at, if not in steps: of words that only resemble, within the last months.
    pub(super) fn at_once(&self, now: DateTime<Utc>) -> Option<Period> {
        if self.fuzzy { Period::year(now) } else { None }
    }

    /// When the tickets were filed that are looked at, of those that were filed at that instant or before: one period after the other.
    pub(super) fn periods(&self, last: DateTime<Utc>, now: DateTime<Utc>) -> Vec<Period> {
        if self.fuzzy { Period::year(now).into_iter().collect() } else { Period::steps(last) }
    }

    /// The ids of the tickets of that period, of all of the past without one, of which one text, among those that the scope's caller reads, holds all of it.
    pub(super) fn found(&self, scope: &Scope, period: Option<&Period>) -> SelectStatement {
        let wanted = (!self.fuzzy).then(|| Expr::cust_with_values("words @@ wanted($1)", [self.query()]));
        let filed = period.and_then(|period| period.words.as_deref());
        let filed = filed.map(|filed| Expr::cust_with_values("words @@ $1::tsquery", [filed]));
        self.texts(scope, [wanted, filed])
    }

    /// A table of steps back into the past, as the beginning of a statement. Each step looks at some days, months or years, as many as
    /// what was found so far lets expect a page (`searched_since`, migration 0057), until there are so many `hits`. Its `ids` are those
    /// that `page` selects among the tickets that it is told of. The first step is made only while that is so.
    pub(super) fn walk(
        &self,
        scope: &Scope,
        (last, now): (DateTime<Utc>, DateTime<Utc>),
        (still, hits): (Option<Condition>, u64),
        page: impl FnOnce(Condition) -> SelectStatement,
    ) -> WithClause {
        let first = self.at_once(now).and_then(|period| period.from).unwrap_or(DateTime::UNIX_EPOCH);
        let words =
            if self.fuzzy { Expr::cust("null::tsquery") } else { Expr::cust_with_values("wanted($1)", [self.query()]) };
        let mut walk = Query::select();
        walk.expr_as(words, Alias::new("words"))
            .expr_as(Expr::cust_with_values("$1::timestamptz", [after(last)]), Alias::new("since"))
            .expr_as(Expr::cust("0"), Alias::new("hits"))
            .expr_as(Expr::cust("'{}'::uuid[]"), Alias::new("ids"))
            .cond_where(Condition::all().add_option(still));
        let text = format!("searched_since($1, {STEP}.since, {STEP}.hits, $2::integer, $3)");
        let wanted = i32::try_from(hits).unwrap_or(i32::MAX);
        let values: [Value; 3] = [last.into(), wanted.into(), first.into()];
        // « offset 0 »: each is found out once, and not for each time that it is named.
        let next =
            Query::select().expr_as(Expr::cust_with_values(text, values), Alias::new("since")).offset(0).to_owned();
        let mut ids = page(self.found_in_step(scope));
        ids.limit(hits);
        let ids = Expr::cust_with_exprs("array $1", [Expr::SubQuery(None, Box::new(ids.into()))]);
        let found = Query::select().expr_as(ids, Alias::new("ids")).offset(0).to_owned();
        let mut step = Query::select();
        step.column((Alias::new(STEP), Alias::new("words")))
            .column((Alias::new(NEXT), Alias::new("since")))
            .expr(Expr::cust(format!("{STEP}.hits + cardinality({FOUND}.ids)")))
            .column((Alias::new(FOUND), Alias::new("ids")))
            .from(Alias::new(STEP))
            .join_lateral(JoinType::InnerJoin, next, Alias::new(NEXT), Condition::all())
            .join_lateral(JoinType::InnerJoin, found, Alias::new(FOUND), Condition::all())
            .and_where(Expr::cust_with_values(format!("{STEP}.hits < $1::integer"), [wanted]))
            .and_where(Expr::cust_with_values(format!("{STEP}.since > $1"), [first]));
        walk.union(UnionType::All, step);
        let mut steps = CommonTableExpression::new();
        steps.table_name(Alias::new(STEP)).query(walk);
        WithClause::new().recursive(true).cte(steps).to_owned()
    }

    /// The tickets that the steps of a [walk](Self::walk) found, so many at most.
    pub(super) fn walked(hits: u64) -> Expr {
        let ids = format!(
            "select f.id from {STEP}, unnest({STEP}.ids) with ordinality as f(id, place)
             order by {STEP}.since desc, f.place limit $1"
        );
        let hits = i64::try_from(hits).unwrap_or(i64::MAX);
        Expr::cust_with_values(format!("ticket.id = any(array({ids}))"), [hits])
    }

    /// Whether a ticket was filed in the time of a step, and is found. The ids are looked for first: a step brings few.
    fn found_in_step(&self, scope: &Scope) -> Condition {
        let filed = format!("filed_between({NEXT}.since, {STEP}.since)");
        // Two conditions: of one, PostgreSQL would read all that hold the words, of all of the past, to find those of the time.
        let holds = if self.fuzzy {
            [None, Some(Expr::cust(format!("words @@ {filed}")))]
        } else {
            let wanted = format!("words @@ {STEP}.words");
            [Some(Expr::cust(wanted)), Some(Expr::cust(format!("words @@ coalesce({filed}, {STEP}.words)")))]
        };
        let texts = Expr::SubQuery(None, Box::new(self.texts(scope, holds).into()));
        Condition::all()
            .add(Expr::cust_with_exprs("ticket.id = any(array $1)", [texts]))
            .add(Expr::cust(format!("ticket.filed_at >= {NEXT}.since and ticket.filed_at < {STEP}.since")))
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
            let query = self.query();
            let leaves_out = |word: &&str| word.starts_with('-') && word.contains(char::is_alphanumeric);
            let left_out: Vec<&str> = query.split_whitespace().filter(leaves_out).collect();
            if !left_out.is_empty() {
                texts.and_where(Expr::cust_with_values("words @@ wanted($1)", [left_out.join(" ")]));
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

    /// How well a ticket fits, as far as the scope's caller reads its texts: a `real`, the better the greater.
    pub(super) fn rank(&self, scope: &Scope) -> Expr {
        let (rank, words) = if self.fuzzy {
            ("max(likeness(fold($1), body))", self.resembled().join(" "))
        } else {
            ("max(ts_rank(words, (select wanted($1))))", self.query())
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

/// Dashes, as keyboards and word processors write them: `fold` makes all of them the first.
const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// A reference as texts hold it, if the word is one.
fn reference(word: &str) -> Option<String> {
    let mut parts = word.split(is_dash);
    let (prefix, year, number) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let is_one = (2..=5).contains(&prefix.len())
        && prefix.chars().all(|c| c.is_ascii_alphabetic())
        && year.len() == 2
        && digits(year)
        && (1..=12).contains(&number.len())
        && digits(number)
        && parts.next().is_none();
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
            ("AMI\u{2011}26\u{2011}004217", Some("AMI26004217")),
            ("AMI-26-004217-1", None),
            ("peut-être", None),
            ("a-26-1", None),
            ("saint-26-x", None),
        ] {
            assert_eq!(reference(word).as_deref(), kept, "{word}");
        }
        let search = |words: &str| Search { words: words.to_owned().try_into().unwrap(), fuzzy: false };
        assert_eq!(search("matelas  AMI-26-1").query(), "matelas AMI26000001");
        let pasted = "(AMI-26-004217). -AMI-26-2 \"AMI-26-3 matelas\" -\"AMI-26-4 canapé\"";
        assert_eq!(search(pasted).query(), "AMI26004217 -AMI26000002 \"AMI26000003 matelas\" -\"AMI26000004 canapé\"");
        assert_eq!(search("rue – Saint-Leu -arrêt-minute −bus ----").query(), "rue Saint Leu -arrêt -minute -bus");
        assert_eq!(search("de l’éclairage, rue Saint-Leu -trottoir").resembled(), ["éclairage", "Saint"]);
    }
}
