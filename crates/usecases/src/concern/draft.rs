//! What is kept of a concern: texts as the officer confirmed them, and nothing of an emergency or a crime.

use chrono::{DateTime, Utc};
use domain::city::catalogue::{Category, Sensitivity};
use domain::city::question::{Replies, Reply};
use domain::concern::{Outcome, Referrer};
use domain::content;
use domain::id::{ConcernId, QuestionCode};
use domain::place::Areas;
use store::Contact;
use store::concern::Concern;

use super::file::{File, Warning};

/// The concern as it will be kept, the contact if it will be, and what the officer should know.
pub(super) fn draft(
    id: ConcernId,
    cmd: File,
    category: &Category,
    (areas, replies): (Areas, Replies),
    referrer: Referrer,
    filed_at: DateTime<Utc>,
) -> (Concern, Option<Contact>, Vec<Warning>) {
    let File { origin, cafe, description, place, answer, resident, confirm_text, .. } = cmd;
    let base = Concern {
        id,
        origin,
        cafe,
        category: category.code.clone(),
        outcome: Outcome::Signposted,
        description: None,
        answer: None,
        replies: Replies::new(),
        place: None,
        areas,
        referrer,
        filed_at,
        noted_at: None,
        follows: None,
    };
    if category.sensitivity == Sensitivity::SignpostOnly {
        return (base, None, vec![Warning::NothingKept]);
    }
    let mut warnings = Vec::new();
    let masked = !confirm_text;
    let description = description.map(|text| {
        let (text, findings) = content::screened(text, confirm_text);
        warnings.extend(findings.into_iter().map(|finding| Warning::Description { finding, masked }));
        text
    });
    let answer = answer.map(|text| {
        let (text, findings) = content::screened_for(content::ANSWERED, text, confirm_text);
        warnings.extend(findings.into_iter().map(|finding| Warning::Answer { finding, masked }));
        text
    });
    let replies = replies.into_iter().map(|(question, reply)| {
        let reply = screened(&question, reply, masked, &mut warnings);
        (question, reply)
    });
    let replies = replies.collect();
    let outcome = if answer.is_some() { Outcome::AnsweredOnTheSpot } else { Outcome::Referred };
    if category.hidden_from_referrer {
        warnings.push(Warning::OutOfSight);
    }
    (Concern { outcome, description, answer, replies, place: Some(place), ..base }, resident, warnings)
}

/// An answer as it is kept: looked through like the description, if it is in words. The codes of choices and days do not
/// point to anybody.
fn screened(question: &QuestionCode, reply: Reply, masked: bool, warnings: &mut Vec<Warning>) -> Reply {
    let Reply::Text(text) = reply else { return reply };
    let checked = content::check(&text, content::ALL);
    let warning = |finding| Warning::Reply { question: question.clone(), finding, masked };
    warnings.extend(checked.findings.into_iter().map(warning));
    Reply::Text(if masked { checked.masked } else { text })
}
