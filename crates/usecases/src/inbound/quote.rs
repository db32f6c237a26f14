//! What somebody writes in an answer, without what they answer to: each mail program quotes in its own way. Lines that begin
//! with `>` are quoted one by one; where a program copies the e-mail below a block of its headers, nothing tells where that
//! ends, and all that follows is quoted.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Where something was cut that stood before or between somebody's own words.
const CUT: &str = "[…]";

/// How many lines a block of headers may have: addresses take several.
const BLOCK: usize = 40;

/// How long the line above a quotation may be, in bytes, and over how many lines it may be wrapped.
const ATTRIBUTION: (usize, usize) = (700, 3);

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns are literals, and a test compiles them")
}

/// The line above a quotation: « Le 12 mars 2026 à 10:04, Ville d’Amiens <…> a écrit : », « On …, … wrote: ».
static ANNOUNCES: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?ix)^\s*(?:
            (?:Le|On|Il|El|Am|Op)\s.*(?:a\s+écrit|wrote|ha\s+scritto|escribió|(?:schrieb|schreef)(?:\s.*)?)
            | \d{4}-\d\d-\d\d\s.*<[^<>\s]+@[^<>\s]+>
            | Début\ du\ message\ (?:réexpédié|transféré) | Begin\ forwarded\ message
        )\s*:$",
    )
});

/// The same without a date: « Ville d’Amiens <…> a écrit : ».
static NAMES: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)^\s*[^\s<].*<[^<>\s]+@[^<>\s]+>\s*(?:a\s+écrit|wrote)\s*:$"));

/// How a line begins that is wrapped: with a date, as no sentence ends.
static DATED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:\d{4}|\d[/.:h]\d\d).*[^.!?…]$"));

/// The line above an e-mail that is copied: « ----- Mail original ----- ».
static MARKS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?ix)^\s*-{2,}\s*(?:
            (?:Message|Mail|E-?mail|Courriel)\ (?:d['’]origine|original|transféré|réexpédié)
            | Message\ initial | (?:Original|Forwarded)\ (?:message|mail) | Ursprüngliche\ Nachricht | Messaggio\ originale
        )\s*-{2,}$",
    )
});

/// A header as it stands in a copied e-mail: « *Envoyé :* mardi 10 mars ».
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?ix)^[\s*_]*(?:
            (De|From|Expéditeur|Von)
            | (Envoyé(?:\ le)?|Sent|Gesendet|Message\ du)
            | (À|A\x{300}?|To|Destinataires?|An)
            | (Objet|Sujet|Subject|Betreff)
            | (Date)
            | (Cc|Cci|Copie(?:\ à)?|Répondre\ à|Reply-To|Pièces\ jointes|Attachments|Importance)
        )[\s*_]*:(?:[\s*]|$)",
    )
});

/// A rule above a block of headers.
static RULE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s*(?:[_=*-]{5,}|Message du \d.*)$"));

/// What telephones and web mail add below what somebody wrote.
static ADVERTISES: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?ix)^\s*(?:
            Envoyé\ (?:de(?:puis)?|à\ partir\ de|avec)\ (?:mon|ma|l['’]application|la\ messagerie|Yahoo|Outlook|Proton|Courrier)\b
            | Envoyé\ à\ partir\ d['’] | Sent\ (?:from\ (?:my|Yahoo|Outlook)|with\ Proton)\b
            | Obtenir\ Outlook\ pour | Get\ Outlook\ for | Télécharger\ Outlook | Provenance\s*:\s*Courrier
        )",
    )
});

/// An e-mail as it was written: lines without what mail programs and nobody else put there.
pub(super) fn cleaned(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines = text.lines().map(|line| line.chars().filter(|c| !c.is_control() || *c == '\t').collect::<String>());
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// The words of the writer alone, of a [`cleaned`] text. What stands below quoted lines and between them is theirs too: some
/// answer point by point.
pub(super) fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let (mut words, mut cut, mut gap) = (String::new(), false, false);
    for (line, quoted) in lines.iter().zip(quoted(&lines)) {
        if line.is_empty() || quoted {
            if quoted && !cut && gap && !words.is_empty() {
                words.push('\n');
            }
            gap = !quoted && (gap || line.is_empty());
            cut |= quoted;
            continue;
        }
        if cut {
            words.push_str(CUT);
            words.push('\n');
        }
        if gap && !words.is_empty() {
            words.push('\n');
        }
        (cut, gap) = (false, false);
        words.push_str(line);
        words.push('\n');
    }
    words.trim().to_owned()
}

/// Which lines are quoted, or announce what is.
fn quoted(lines: &[&str]) -> Vec<bool> {
    let mut quoted: Vec<bool> = lines.iter().map(|line| line.trim_start().starts_with('>')).collect();
    let last = quoted.iter().rposition(|quoted| *quoted);
    let (mut signature, mut tried) = (false, 0);
    let mut end = lines.len();
    for at in 0..lines.len() {
        if quoted[at] {
            signature = false;
            continue;
        }
        let follows = |quoted: &[bool]| next(lines, at).is_some_and(|next| quoted[next]);
        let marked = MARKS.is_match(lines[at]);
        if marked && follows(&quoted) {
            quoted[at] = true;
        } else if marked {
            end = above(lines, at);
            break;
        }
        if at >= tried && HEADER.is_match(lines[at]) {
            let (found, ended) = block(lines, at);
            if found {
                end = above(lines, at);
                break;
            }
            // Fewer of them are none either.
            tried = ended;
        }
        if let Some(start) = announces(lines, at) {
            let announced = &lines[start..=at];
            // A mail program says whom it quotes, somebody who tells what a neighbour wrote does not.
            let sure = [|c: char| c == '@', |c: char| c.is_ascii_digit()];
            let sure = sure.iter().all(|sign| announced.iter().any(|line| line.contains(sign)));
            let copied = next(lines, at).is_some_and(|next| MARKS.is_match(lines[next]) || heads(lines, next));
            if follows(&quoted) || copied || (sure && last.is_some_and(|last| last > at)) {
                quoted[start..=at].fill(true);
                signature = false;
            } else if sure {
                end = start;
                break;
            }
        }
        // RFC 3676, 4.3.
        signature |= lines[at] == "--";
        let alone = |next: &&str| next.is_empty() || next.starts_with('>') || RULE.is_match(next);
        let alone = lines.get(at + 1).is_none_or(alone);
        quoted[at] |= signature || (alone && ADVERTISES.is_match(lines[at]));
    }
    let only = last.filter(|last| *last < end && !quoted_before(lines, &quoted, *last));
    if let Some(only) = only.filter(|only| is_only(lines, &quoted, *only)) {
        quoted[only] = false;
    }
    quoted[end..].fill(true);
    quoted
}

/// Whether the line is the only one that begins with `>`, and stands within or directly below what is somebody's own. At the
/// end, after an empty line, it is what they answer to.
fn is_only(lines: &[&str], quoted: &[bool], line: usize) -> bool {
    let begun = lines.iter().filter(|line| line.trim_start().starts_with('>')).count();
    let own = |at: usize| !quoted[at] && !lines[at].is_empty();
    let attached = line > 0 && own(line - 1);
    begun == 1 && (attached || ((0..line).any(own) && (line + 1..lines.len()).any(own)))
}

/// Whether what is written before the line is quoted or announces it.
fn quoted_before(lines: &[&str], quoted: &[bool], line: usize) -> bool {
    (0..line).rev().find(|at| !lines[*at].is_empty()).is_some_and(|before| quoted[before])
}

/// The next line that is not empty.
fn next(lines: &[&str], at: usize) -> Option<usize> {
    (at + 1..lines.len()).find(|next| !lines[*next].is_empty())
}

/// Where the announcement of a quotation begins that ends with this line. The shortest: what stands above may be an answer.
fn announces(lines: &[&str], at: usize) -> Option<usize> {
    let (length, wrapped) = ATTRIBUTION;
    if !lines[at].ends_with(':') {
        return None;
    }
    let begun = (0..wrapped).map_while(|above| at.checked_sub(above)).find(|start| {
        let announced = &lines[*start..=at];
        let dated = *start == at || DATED.is_match(announced[0]);
        let fits = announced.iter().map(|line| line.len()).sum::<usize>() <= length;
        fits && dated && announced.iter().all(|line| !line.is_empty()) && ANNOUNCES.is_match(&announced.join(" "))
    });
    begun.or_else(|| (lines[at].len() <= length && NAMES.is_match(lines[at])).then_some(at))
}

/// Whether a copied e-mail's block of headers begins here, in whatever order they come.
fn heads(lines: &[&str], at: usize) -> bool {
    HEADER.is_match(lines[at]) && block(lines, at).0
}

/// Whether these headers are a copied e-mail's, and the line that ends them.
fn block(lines: &[&str], at: usize) -> (bool, usize) {
    let (mut said, mut address, mut gap, mut end) = ([false; 6], false, false, at);
    for line in lines[at..].iter().take(BLOCK) {
        if let Some(which) = HEADER.captures(line).and_then(|header| which(&header)) {
            said[which] = true;
        } else if line.is_empty() && !gap {
            (gap, end) = (true, end + 1);
            continue;
        } else if gap || !(line.starts_with([' ', '\t']) || line.contains('@')) {
            // Neither a header nor one that goes on.
            break;
        }
        address |= line.contains('@');
        (gap, end) = (false, end + 1);
    }
    let [from, sent, _, subject, ..] = said;
    let many = said.iter().filter(|said| **said).count();
    (from && ((sent && many >= 2) || (subject && many >= 3) || (address && many >= 2)), end)
}

/// Which header it is, in the order of [`HEADER`].
fn which(header: &Captures<'_>) -> Option<usize> {
    header.iter().skip(1).position(|name| name.is_some())
}

/// Where the rules and marks above a copied e-mail begin.
fn above(lines: &[&str], at: usize) -> usize {
    let rules = (0..at)
        .rev()
        .take_while(|above| lines[*above].is_empty() || RULE.is_match(lines[*above]) || MARKS.is_match(lines[*above]));
    rules.last().unwrap_or(at)
}

#[cfg(test)]
mod tests;
