//! One real sample of each mail program.

use super::{cleaned, own_words};
use crate::inbound::html;

const OWN: &str = "Le matelas est enlevé.\n\nBonne journée";

#[test]
fn what_is_answered_to_is_cut() {
    let block = "Bonjour,\n\nUne saisine vous est transmise.\n\n-- \nVille d’Amiens";
    for (program, quoted) in [
        (
            "Gmail",
            "Le mar. 10 mars 2026 à 10:04, Ville d’Amiens – Police municipale <cafes@ville.example> a écrit :\n> Bonjour,\n> Votre demande",
        ),
        (
            "Gmail, wrapped",
            "Le mar. 10 mars 2026 à 10:04, Ville d’Amiens – Police municipale\n<cafes-police@ville-amiens.example> a\nécrit :\n\n> Bonjour,",
        ),
        (
            "iPhone",
            "Envoyé de mon iPhone\n\n> Le 10 mars 2026 à 10:04, Ville d’Amiens <cafes@ville.example> a écrit :\n> \n> Bonjour,",
        ),
        ("Thunderbird", "Le 10/03/2026 à 10:04, Ville d’Amiens a écrit :\n> Bonjour,"),
        ("wrapped elsewhere", "Le 10 mars 2026 à 10:04, Ville\nd’Amiens <cafes@ville.example> a écrit :\n> Bonjour,"),
        ("no date", "Ville d’Amiens <cafes@ville.example> a écrit :\n> Bonjour,\n> Votre demande"),
        ("Roundcube", "Le 2026-03-10 10:04, Ville d’Amiens a écrit :\n\n> Bonjour,\n> Votre demande"),
        (
            "Yahoo",
            "    Le mardi 10 mars 2026 à 10:04:12 UTC+1, Ville d’Amiens <cafes@ville.example> a écrit :  \n \n Bonjour,",
        ),
        (
            "wrapped, not quoted",
            "Le 10 mars 2026 à 10:04, Ville d’Amiens – Police municipale\n<cafes-police@ville-amiens.example> a écrit :\n\nBonjour,",
        ),
        ("in English", "On Tue, 10 Mar 2026 at 10:04, Ville d’Amiens <cafes@ville.example> wrote:\n> Hello"),
        ("in German", "Am 10.03.2026 um 10:04 schrieb Ville d’Amiens:\n> Hallo"),
        (
            "Orange",
            "> Message du 10/03/26 10:04\n> De : \"Ville d’Amiens\" <cafes@ville.example>\n> A : voirie@ville.example\n> Objet : Saisine\n> \n> Bonjour,",
        ),
        (
            "SFR",
            "========================================\nMessage du : 10/03/2026 10:04\nDe : \"Ville\" <cafes@ville.example>\nA : voirie@ville.example\nCopie à :\nSujet : Saisine\n\nBonjour,",
        ),
        (
            "Zimbra",
            "----- Mail original -----\nDe: \"Ville d’Amiens\" <cafes@ville.example>\nÀ: \"voirie\" <voirie@ville.example>\nEnvoyé: Mardi 10 Mars 2026 10:04:12\nObjet: Saisine\n\nBonjour,",
        ),
        (
            "Zimbra, no mark",
            "De: \"Ville d’Amiens\" <cafes@ville.example>\nÀ: \"voirie\" <voirie@ville.example>\nEnvoyé: Mardi 10 Mars 2026 10:04:12\nObjet: Saisine\n\nBonjour,",
        ),
        (
            "another order",
            "Objet : Saisine\nDate : mardi 10 mars 2026\nCc : Mairie\nÀ : Voirie\nDe : Ville d’Amiens\n\nBonjour,",
        ),
        (
            "wrapped addresses",
            "Subject: Saisine\nTo: Roads <a@ville.example>,\n  Parks <b@ville.example>\nDate: Tue, 10 Mar 2026\nFrom: Ville d’Amiens\n\nHello",
        ),
        ("Outlook", "-----Message d’origine-----\nDe : Ville d’Amiens"),
        ("Outlook, with marks", "-----Message d'origine-----\n> De : Ville d’Amiens\n> Bonjour"),
        (
            "Outlook on the web",
            "________________________________\nDe : Ville d’Amiens <cafes@ville.example>\nEnvoyé : mardi 10 mars 2026 10:04",
        ),
        (
            "Outlook, desktop",
            "De : Ville d’Amiens <cafes@ville.example>\nEnvoyé : mardi 10 mars 2026 10:04\nÀ : Voirie\nObjet : Saisine",
        ),
        ("Outlook, in bold", "*De :* Ville d’Amiens\n*Envoyé :* mardi 10 mars 2026 10:04\n*À :* Voirie"),
        ("Outlook, in English", "From: Ville d’Amiens <cafes@ville.example>\nSent: Tuesday, March 10, 2026\nTo: Roads"),
        (
            "Outlook, telephone",
            "Obtenir Outlook pour iOS<https://aka.ms/x>\n________________________________\nDe : Ville d’Amiens\nEnvoyé : mardi 10 mars",
        ),
        ("Thunderbird, forwarded", "-------- Message transféré --------\nSujet : Saisine\nDate : mardi"),
        (
            "Apple, forwarded",
            "Début du message réexpédié :\n\nDe: Ville <cafes@ville.example>\nObjet: Saisine\nDate: 10 mars 2026\n\nBonjour,",
        ),
        ("a signature", "-- \nJean Dupont\nService voirie"),
        ("a telephone", "Envoyé depuis mon mobile Orange"),
        ("marks", "> Bonjour,\n> Votre demande"),
        ("one mark", "> Votre demande"),
    ] {
        for below in ["", block]
            .iter()
            .filter(|below| below.is_empty() || (quoted.contains("Objet") && !quoted.starts_with('>')))
        {
            let text =
                format!("Le matelas est enlevé.\r\n\r\nBonne journée\r\n\r\n{}{below}", quoted.replace('\n', "\r\n"));
            assert_eq!(own_words(&cleaned(&text)), OWN, "{program}");
        }
    }
}

#[test]
fn what_is_answered_to_is_cut_from_html() {
    for (program, quoted) in [
        (
            "Outlook on the web",
            "<div id=\"appendonsend\"></div><hr style=\"width:98%\"><div id=\"divRplyFwdMsg\" dir=\"ltr\"><font><b>De :</b> Ville<br><b>Envoyé :</b> mardi</font><div>&nbsp;</div></div><div>Bonjour,</div>",
        ),
        ("Outlook on the web, no headers", "<hr><div id=\"divRplyFwdMsg\"></div><div>Bonjour,</div>"),
        (
            "Outlook, desktop",
            "<div style=\"border-top:solid\"><p class=MsoNormal><b>De&nbsp;:</b> Ville &lt;cafes@ville.example&gt; <br><b>Envoyé&nbsp;:</b> mardi 10 mars<br><b>À&nbsp;:</b> Voirie<br><b>Objet&nbsp;:</b> Saisine<o:p></o:p></p></div><p class=MsoNormal>Bonjour,",
        ),
        (
            "Zimbra",
            "<hr id=\"zwchr\"><div><b>De: </b>\"Ville\" &lt;cafes@ville.example&gt;<br><b>À: </b>\"Voirie\"<br><b>Envoyé: </b>Mardi 10 Mars<br><b>Objet: </b>Saisine<br></div><div>Bonjour,</div>",
        ),
        (
            "Yahoo",
            "<div id=\"yahoo_quoted_1\" class=\"yahoo_quoted\"><div>Le mardi 10 mars 2026, Ville a écrit :</div><div><div>Bonjour,</div></div></div>",
        ),
        (
            "Apple Mail",
            "<div><br><blockquote type=\"cite\"><div>Le 10 mars 2026 à 10:04, Ville &lt;cafes@ville.example&gt; a écrit :</div><br><div>Bonjour,<blockquote>Ville</blockquote></div></blockquote></div>",
        ),
        ("one line", "<blockquote type=\"cite\">Bonjour,</blockquote>"),
        (
            "Proton",
            "<div class=\"protonmail_quote\">Le mardi 10 mars 2026 à 10:04, Ville &lt;cafes@ville.example&gt; a écrit :<br><br><blockquote class=\"protonmail_quote\" type=\"cite\">Bonjour,</blockquote><br></div>",
        ),
        (
            "Thunderbird",
            "<div class=\"moz-cite-prefix\">Le 10/03/2026 à 10:04, Ville a écrit&nbsp;:<br></div><blockquote type=\"cite\" cite=\"mid:x\"><p>Bonjour,</p></blockquote>",
        ),
        (
            "Gmail",
            "<br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" class=\"gmail_attr\">Le mar. 10 mars 2026 à 10:04, Ville &lt;<a href=\"mailto:x\">cafes@ville.example</a>&gt; a écrit :<br></div><blockquote class=\"gmail_quote\"><div>Bonjour,</div></blockquote></div>",
        ),
        ("Gmail, no blockquote", "<div class=\"gmail_quote\">Le 10 mars, Ville a écrit :<br>Bonjour,</div>"),
    ] {
        let page = format!(
            "<html><body><div>Le matelas est enlevé.</div><div><br></div><div>Bonne journée</div>{quoted}</body></html>"
        );
        assert_eq!(own_words(&cleaned(&html::text(&page))), OWN, "{program}");
    }
    let below = "<div class=\"moz-cite-prefix\">Le 10/03/2026, Ville a écrit :</div><blockquote type=\"cite\">Où ?</blockquote><p>Ici.</p><blockquote type=\"cite\">Quand ?</blockquote><p>Hier.</p>";
    assert_eq!(own_words(&cleaned(&html::text(below))), "[…]\nIci.\n[…]\nHier.");
}

#[test]
fn what_is_said_below_and_between_quoted_lines_stays() {
    for (text, own) in [
        ("> Quel étage ?\nLe deuxième.\n> Quel côté ?\nCour.", "[…]\nLe deuxième.\n[…]\nCour."),
        ("Le 10/03/2026 à 10:04, Ville a écrit :\n> Quel étage ?\n\nLe deuxième.", "[…]\n\nLe deuxième."),
        (
            "Bonjour,\n\nLe 10 mars 2026, Ville\n<a@b.example> a écrit :\n\n> Où ?\n\nIci.\n\n> Quand ?\nHier.",
            "Bonjour,\n\n[…]\n\nIci.\n\n[…]\nHier.",
        ),
        ("Merci.\n-- \nJean\n\nLe 10/03/2026, Ville a écrit :\n> Où ?\nIci.", "Merci.\n[…]\nIci."),
        (
            "Le 10 mars, Ville <a@b.example> a écrit :\n\nVoir plus bas.\n> Où ?\n> Quand ?\nIci.",
            "[…]\n\nVoir plus bas.\n[…]\nIci.",
        ),
        ("Le gardien passe demain.\nLe 10 mars 2026, Ville a écrit :\n> Quand ?\n> Où ?", "Le gardien passe demain."),
    ] {
        assert_eq!(own_words(&cleaned(text)), own, "{text}");
    }
}

#[test]
fn words_that_only_look_like_a_quotation_stay() {
    for text in [
        "Le gardien passe demain.\nOn verra bien.",
        "De : rien à signaler",
        "De : 8 h\nÀ : 12 h\n\nNous serons là.",
        "Le voisin a écrit sur le mur.",
        "Le voisin a écrit :\nje mettrai tout dehors.\n\nVoilà.",
        "Le 10 mars, le voisin a écrit :\n\n« Tout dehors. »",
        "- un matelas\n- un frigo",
        "Rue Haute\n____________________\nRue Basse",
        "Le panneau dit\n> 30 tonnes\net rien d’autre.",
        "Le panneau dit :\n\n> 30 tonnes\n\nRien d’autre.",
        "Le panneau dit\n> 30 tonnes",
        "Envoyé de ma part\npar le gardien.",
    ] {
        assert_eq!(own_words(&cleaned(text)), text);
    }
}

#[test]
fn no_control_character_and_no_desert_remains() {
    assert_eq!(own_words(&cleaned("\u{7}a\u{0}b\n\n\n\n\nc\t d \n")), "ab\n\nc\t d");
    assert_eq!(own_words(&cleaned("> rien d’autre")), "");
}

#[test]
fn however_long_it_is_read() {
    for line in [
        "Cc: x\n",
        "De: x\n\n",
        "Le 1 a écrit :\n",
        "Le 1 a écrit :\n\n\n\n",
        "> x\ny\n",
        "_______\n",
        "--\n",
        "Le 1,\n",
    ] {
        let text = cleaned(&line.repeat(20_000));
        assert!(own_words(&text).len() <= 2 * text.len());
    }
}
