//! Words of a mail server, fit for a log: servers like to quote the recipient's address.

/// What stands where an address stood.
const ADDRESS: &str = "[adresse]";

/// Longer words are cut.
const LONGEST: usize = 500;

/// The words on one line, without any e-mail address and without the local part of the recipients', which some servers
/// quote alone.
pub(super) fn redact<'a>(words: &str, recipients: impl IntoIterator<Item = &'a str>) -> String {
    let recipients: Vec<(&str, &str)> =
        recipients.into_iter().filter_map(|to| Some((to, to.rsplit_once('@')?.0))).collect();
    let locals: Vec<String> = recipients.iter().map(|(_, local)| unquoted(local).to_lowercase()).collect();
    // A quoted local part may hold spaces, and any an apostrophe: it must go before the text is taken apart.
    let mut rest = words.to_owned();
    for (to, local) in &recipients {
        for part in [*to, *local, unquoted(local)].into_iter().filter(|part| part.contains(is_edge)) {
            rest = without(&rest, part);
        }
    }
    let mut kept = String::with_capacity(rest.len());
    for piece in rest.split_inclusive(is_edge) {
        let token = piece.trim_end_matches(is_edge);
        let edge = &piece[token.len()..];
        let bare = token.trim_end_matches('.').to_lowercase();
        if bare.contains('@') || bare.contains("%40") || locals.contains(&bare) {
            kept.push_str(ADDRESS);
        } else {
            kept.push_str(token);
        }
        kept.push_str(edge);
    }
    let line = kept.split(|c: char| c.is_control() || c == ' ').filter(|word| !word.is_empty());
    line.collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}

/// A local part, without the quotes that it may stand in.
fn unquoted(local: &str) -> &str {
    local.trim_matches('"')
}

/// The text without a part, in whichever case its ASCII letters are written.
fn without(text: &str, part: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    // Of the same length, and with the same boundaries.
    let folded = text.to_ascii_lowercase();
    for (at, found) in folded.match_indices(&part.to_ascii_lowercase()) {
        kept.push_str(&text[from..at]);
        kept.push_str(ADDRESS);
        from = at + found.len();
    }
    kept.push_str(&text[from..]);
    kept
}

/// Whether the character cannot stand in an address, as servers write them.
fn is_edge(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "<>()[]{},;:\"'`«»|/\\".contains(c)
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn no_address_remains() {
        for (words, kept) in [
            ("550 5.1.1 <Jean.Dupont@x.example>: user unknown", "550 5.1.1 <[adresse]>: user unknown"),
            ("550 jean.dupont@x.example. is unknown", "550 [adresse] is unknown"),
            ("550 mailto:jean.dupont@x.example?subject=a", "550 mailto:[adresse]"),
            ("550 No such user: jean.dupont", "550 No such user: [adresse]"),
            ("550 'JEAN.DUPONT' over quota", "550 '[adresse]' over quota"),
            ("550 see https://h.example/?to=jean.dupont%40x.example", "550 see https://h.example/[adresse]"),
            ("550 SRS0=ab=x.example=jean@relay.example", "550 [adresse]"),
            ("550 élodie@château.example", "550 [adresse]"),
            ("451 4.7.1 try again\r\nlater\u{7}", "451 4.7.1 try again later"),
            ("550 @", "550 [adresse]"),
        ] {
            assert_eq!(redact(words, ["jean.dupont@x.example"]), kept);
        }
        assert_eq!(redact("550 no \"jean d\"", ["\"jean d\"@x.example"]), "550 no [adresse]");
        for (words, kept) in [
            ("550 <Kevin.O'Brien@x.example> unknown", "550 <[adresse]> unknown"),
            ("550 É: no such user: KEVIN.O'BRIEN", "550 É: no such user: [adresse]"),
            ("550 kevin.o'brien@X.example. is unknown", "550 [adresse]. is unknown"),
        ] {
            assert_eq!(redact(words, ["Kevin.O'Brien@x.example"]), kept);
            assert_eq!(redact(words, ["kevin.o'brien@x.example"]), kept);
        }
        let words = "550 <\"Jean D\"@x.example> no \"JEAN D\", no jean d";
        assert_eq!(redact(words, ["\"jean d\"@x.example"]), "550 <[adresse]> no [adresse], no [adresse]");
        assert_eq!(redact(&"é".repeat(1000), []).chars().count(), 500);
    }
}
