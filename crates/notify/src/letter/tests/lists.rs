//! Letters that list tickets.

use domain::language::{Label, Language};
use domain::ticket::list::{Line, TicketList};
use domain::ticket::notice::Kind;
use serde_json::json;

use super::super::{ComposeError, Letter, NewsLetter, Told};
use super::letters::{every_list, late_letter, lines, list_letter, news_letter, told};
use super::{paper, raw_list, raw_news, read};

#[test]
fn a_digest_lists_fifty_tickets_and_how_many_more_there_are() {
    let turn = |number| told(number, Kind::Progress, json!({ "type": "started" }), 5);
    let (subject, text, html) = read(&raw_news(&news_letter(Language::Fr, (1..=53).map(turn).collect())));
    assert_eq!(subject, "Des nouvelles de 53 saisines");
    assert_eq!((text.matches("AMI-26-").count(), html.matches("<th").count()), (100, 50), "each with its link");
    assert!(text.contains("Et 3 autres saisines"), "{text}");
    for (language, one, several) in [
        (Language::Fr, "a connu un changement en", "a connu 2 changements en"),
        (Language::En, "changed once in", "changed 2 times in"),
    ] {
        for (turns, words) in [(vec![turn(1)], one), (vec![turn(1), turn(1)], several)] {
            let (_, text, _) = read(&raw_news(&news_letter(language, turns)));
            assert!(text.contains(words), "{text}");
        }
    }
    for (language, one) in [(Language::Fr, "Des nouvelles d’une saisine"), (Language::En, "News of a ticket")] {
        let digest = NewsLetter { digest: true, ..news_letter(language, vec![turn(1)]) };
        assert_eq!(read(&raw_news(&digest)).0, one);
    }
    assert!(matches!(
        Letter::News(news_letter(Language::Fr, Vec::new())).compose(&paper()),
        Err(ComposeError::Missing(_))
    ));
    assert!(matches!(Letter::Late(late_letter(Language::Fr, 0, 0)).compose(&paper()), Err(ComposeError::Missing(_))));
}

#[test]
fn no_value_of_a_digest_adds_a_header_a_line_or_a_tag() {
    let hostile = "x\r\nBcc: victim@elsewhere.example\r\n\r\n<script>alert(1)</script>\u{202e}";
    let turn = |number| Told {
        reference: hostile.into(),
        category: Some(hostile.into()),
        service_name: hostile.into(),
        ..told(number, Kind::Progress, json!({ "type": "started" }), 5)
    };
    for turns in [vec![turn(1), turn(1)], vec![turn(1), turn(2)]] {
        let (subject, text, html) = read(&raw_news(&news_letter(Language::Fr, turns)));
        assert!(!subject.contains(['\r', '\n']));
        assert!(text.lines().all(|line| !line.starts_with("Bcc")), "{text}");
        assert!(!html.contains("<script"), "{html}");
    }
}

#[test]
fn a_list_links_each_ticket_and_says_no_more_of_a_restricted_one() {
    for (_, letter) in every_list() {
        let (subject, text, html) = read(&raw_list(&letter));
        for line in &letter.list.lines {
            let link = format!("https://continuum.example/v1/tickets/{}", line.reference);
            assert!(text.contains(&link) && html.contains(&format!("href=\"{link}\"")), "{text}");
            assert!(!subject.contains(&line.reference));
        }
        assert_eq!(html.matches("href=\"https:").count(), letter.list.lines.len());
    }
    let (_, text, _) = read(&raw_list(&list_letter(Language::Fr, lines().split_off(0), 0)));
    assert!(text.lines().any(|line| line == "AMI-25-000017"), "{text}");
    let order: Vec<usize> = [9, 12, 14, 17].iter().map(|n| text.find(&format!("AMI-25-{n:06}")).unwrap()).collect();
    assert!(order.is_sorted(), "those first that are due first: {text}");
    let none = list_letter(Language::Fr, Vec::new(), 0);
    assert!(matches!(Letter::List(none).compose(&paper()), Err(ComposeError::Missing("tickets"))));
}

#[test]
fn no_value_of_a_list_adds_a_header_a_line_or_a_tag() {
    let hostile = "x\r\nBcc: victim@elsewhere.example\r\n\r\n<script>alert(1)</script>\u{202e}";
    let label = Label { fr: hostile.into(), en: hostile.into() };
    let line = Line { reference: hostile.into(), subject: Some(label), due_at: None };
    let (subject, text, html) = read(&raw_list(&list_letter(Language::Fr, vec![line], 0)));
    assert!(!subject.contains(['\r', '\n']));
    assert!(text.lines().all(|line| !line.starts_with("Bcc")), "{text}");
    assert!(!html.contains("<script"), "{html}");
}

#[test]
fn a_long_list_tells_how_many_more_there_are() {
    let line = |number: u32| Line { reference: format!("AMI-25-{number:06}"), subject: None, due_at: None };
    let list = TicketList::new(list_letter(Language::Fr, lines(), 0).list.occasion, (0..53).map(line).collect());
    assert_eq!((list.lines.len(), list.more), (50, 3));
}
