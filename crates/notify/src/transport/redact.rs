//! Words of a mail server, fit for a log: servers like to quote the recipient's address.

/// What stands where an address stood.
const ADDRESS: &str = "[adresse]";

/// Longer words are cut.
const LONGEST: usize = 500;

/// The words on one line, without any e-mail address and without the local part of the recipients', which some servers
/// quote alone.
pub(super) fn redact<'a>(words: &str, recipients: impl IntoIterator<Item = &'a str>) -> String {
    let locals: Vec<String> =
        recipients.into_iter().filter_map(|to| to.rsplit_once('@')).map(|(local, _)| local.to_lowercase()).collect();
    // A quoted local part may hold spaces, so it must go before the text is taken apart.
    let mut rest = words.to_owned();
    for local in locals.iter().filter(|local| local.contains(is_edge)) {
        rest = rest.replace(local.as_str(), ADDRESS);
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
        assert_eq!(redact(&"é".repeat(1000), []).chars().count(), 500);
    }
}
