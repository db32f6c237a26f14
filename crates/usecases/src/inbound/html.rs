//! The text of an e-mail that is written in HTML: a line for each block, and `>` before what mail programs mark as quoted.

use html5gum::emitters::default::{DefaultEmitter, StartTag};
use html5gum::{Token, Tokenizer};

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 28] = [
    "address",
    "article",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

/// Elements whose content is not shown.
const UNSEEN: [&str; 4] = ["script", "style", "template", "title"];

/// Classes of what is quoted: Gmail, Yahoo, Proton, the line above it in Thunderbird.
const QUOTING: [&str; 5] =
    ["gmail_quote", "gmail_quote_container", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix"];

/// Those of them within which somebody may have answered below what is quoted.
const HOLDING: [&str; 3] = ["gmail_quote", "gmail_quote_container", "protonmail_quote"];

/// How many hold one another.
const DEEPEST: usize = 8;

/// Where Outlook puts what is answered to, up to the end: on the web, on a telephone, in older programs.
const REST: [&str; 4] =
    ["divRplyFwdMsg", "appendonsend", "mail-editor-reference-message-container", "OLK_SRC_BODY_SECTION"];

/// The text, quoted lines with `>` before them.
pub(super) fn text(html: &str) -> String {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let tokens = Tokenizer::new_with_emitter(html, emitter).map(|token| match token {
        Ok(token) => token,
        Err(error) => match error {},
    });
    let mut page = Page::default();
    for token in tokens {
        page.take(token);
    }
    page.text
}

/// A quoted element.
struct Quote {
    name: String,
    /// How many of its name are open within it, itself too.
    depth: usize,
    /// It holds quotations, with answers between them, rather than being one.
    holds: bool,
    /// A quotation that it holds has ended: what follows in it is not quoted.
    over: bool,
}

/// A page as far as it was read.
#[derive(Default)]
struct Page {
    text: String,
    /// The line that is written has begun.
    begun: bool,
    /// White space stands before what comes next.
    space: bool,
    unseen: Option<String>,
    pre: usize,
    /// What is quoted, the outermost first: all but the last one hold others.
    quotes: Vec<Quote>,
    /// All that follows is quoted.
    rest: bool,
}

impl Page {
    fn take(&mut self, token: Token) {
        match token {
            Token::StartTag(tag) => self.open(&tag),
            Token::EndTag(tag) => self.close(&String::from_utf8_lossy(&tag.name)),
            Token::String(words) if self.unseen.is_none() => self.say(&String::from_utf8_lossy(&words)),
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }

    fn open(&mut self, tag: &StartTag<()>) {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        if UNSEEN.contains(&name.as_str()) && !tag.self_closing {
            self.unseen = Some(name);
            return;
        }
        match name.as_str() {
            "br" => self.end_line(),
            "td" | "th" if self.begun => {
                self.text.push('\t');
                self.space = false;
            }
            name if BLOCKS.contains(&name) => self.fresh_line(),
            _ => {}
        }
        if name == "pre" {
            self.pre += 1;
        }
        for quote in self.quotes.iter_mut().filter(|quote| quote.name == name) {
            quote.depth += 1;
        }
        let said = |wanted: &str| {
            let found = tag.attributes.iter().find(|(name, _)| name.as_slice() == wanted.as_bytes());
            found.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
        };
        if !self.rest && REST.contains(&said("id").as_str()) {
            self.begin_quote();
            self.rest = true;
        }
        let class = said("class");
        let class = class.split_whitespace().find(|class| QUOTING.contains(class));
        match (name.as_str(), class) {
            ("blockquote", _)
                if class.is_some() || !self.quotes.is_empty() || said("type").eq_ignore_ascii_case("cite") =>
            {
                self.quote(name, false);
            }
            ("div" | "span" | "table", Some(class)) => self.quote(name, HOLDING.contains(&class)),
            _ => {}
        }
    }

    fn quote(&mut self, name: String, holds: bool) {
        if self.quotes.len() < DEEPEST && self.quotes.iter().all(|quote| quote.holds) {
            self.begin_quote();
            self.quotes.push(Quote { name, depth: 1, holds, over: false });
        }
    }

    /// An empty quoted line: what a mail program marks is never a line that somebody began with `>` themselves.
    fn begin_quote(&mut self) {
        self.fresh_line();
        if !self.is_quoting() {
            self.text.push_str(">\n");
        }
    }

    fn close(&mut self, name: &str) {
        if self.unseen.as_deref() == Some(name) {
            self.unseen = None;
        }
        if BLOCKS.contains(&name) {
            self.fresh_line();
        }
        if name == "pre" {
            self.pre = self.pre.saturating_sub(1);
        }
        for quote in self.quotes.iter_mut().filter(|quote| quote.name == name) {
            quote.depth -= 1;
        }
        if let Some(ended) = self.quotes.iter().position(|quote| quote.depth == 0) {
            self.fresh_line();
            let ended = self.quotes.drain(ended..).next();
            if ended.is_some_and(|ended| ended.name == "blockquote") {
                self.quotes.iter_mut().for_each(|quote| quote.over = true);
            }
        }
    }

    fn is_quoting(&self) -> bool {
        self.rest || self.quotes.iter().any(|quote| !quote.over)
    }

    fn say(&mut self, words: &str) {
        for c in words.chars() {
            match c {
                '\n' if self.pre > 0 => self.end_line(),
                ' ' | '\t' | '\n' | '\r' | '\u{c}' if self.pre == 0 => self.space = true,
                c => self.write(c),
            }
        }
    }

    fn write(&mut self, c: char) {
        if !self.begun && self.is_quoting() {
            self.text.push_str("> ");
        }
        if self.begun && self.space {
            self.text.push(' ');
        }
        self.text.push(c);
        (self.begun, self.space) = (true, false);
    }

    fn fresh_line(&mut self) {
        if self.begun {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.text.push('\n');
        (self.begun, self.space) = (false, false);
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn each_block_is_a_line() {
        for (html, lines) in [
            ("<div>Bonjour,</div><div><br></div><div>Fait <b>hier</b>&nbsp;!</div>", "Bonjour,\n\nFait hier\u{a0}!\n"),
            ("<p class=MsoNormal>Un<p class=MsoNormal>Deux\n  mots", "Un\nDeux mots"),
            (
                "<h2>À faire</h2><ul><li>un matelas<li>un &lt;frigo&gt;</ul>Merci",
                "À faire\nun matelas\nun <frigo>\nMerci",
            ),
            ("<table><tr><td>Rue</td><td>n° 3</td></tr><tr><td>Quai</td></tr></table>", "Rue\tn° 3\nQuai\n"),
            ("a<br>b<br/><br>c", "a\nb\n\nc"),
            ("<pre>a\n  b</pre>c", "a\n  b\nc"),
            ("<head><title>t</title><style>p { a > b }</style></head><!-- c --><script>x</script>Oui", "Oui"),
            ("<blockquote>De moi</blockquote>", "De moi\n"),
            ("Coupé <di", "Coupé"),
        ] {
            assert_eq!(text(html), lines, "{html}");
        }
    }

    #[test]
    fn what_holds_quotations_is_quoted_up_to_the_end_of_the_first() {
        let html = "<div class=gmail_quote><div class=gmail_attr>Le 10 mars a écrit :</div><blockquote class=gmail_quote>Où ?\
                    <div>Quand ?</div></blockquote>Ici.<blockquote class=gmail_quote>Qui ?</blockquote>Moi.</div>Voilà.";
        let lines = ">\n> Le 10 mars a écrit :\n> Où ?\n> Quand ?\nIci.\n>\n> Qui ?\nMoi.\nVoilà.";
        assert_eq!(text(html), lines);
    }

    #[test]
    fn elements_that_nobody_closes_are_read_to_the_end() {
        let deep = "<blockquote type=cite><div class=gmail_quote>".repeat(20_000);
        assert_eq!(text(&format!("Moi{deep}Eux")), "Moi\n>\n> Eux");
        assert_eq!(text("</div></blockquote></pre>Moi</p>"), "Moi\n");
    }
}
