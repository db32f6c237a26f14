use lopdf::content::{Content, Operation};
use lopdf::{ObjectId, SaveOptions, Stream, dictionary};

use super::*;

/// A page that says « Plan de la rue ».
fn page() -> Document {
    let mut document = Document::with_version("1.7");
    let pages = document.new_object_id();
    let font = document.add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" });
    let show = vec![
        Operation::new("BT", vec![]),
        Operation::new("Tf", vec!["F1".into(), 24.into()]),
        Operation::new("Td", vec![80.into(), 700.into()]),
        Operation::new("Tj", vec![Object::string_literal("Plan de la rue")]),
        Operation::new("ET", vec![]),
    ];
    let content = document.add_object(Stream::new(dictionary! {}, Content { operations: show }.encode().unwrap()));
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => content,
        "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    });
    document.set_object(pages, dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 });
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
    document.trailer.set("Root", catalog);
    document
}

fn bytes(mut document: Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// A page, and this in its catalogue.
fn with(key: &str, value: impl FnOnce(&mut Document) -> Object) -> Vec<u8> {
    let mut document = page();
    let value = value(&mut document);
    document.catalog_mut().unwrap().set(key, value);
    bytes(document)
}

/// The same, its objects packed.
fn packed(key: &str, value: impl FnOnce(&mut Document) -> Object) -> Vec<u8> {
    let mut document = page();
    let value = value(&mut document);
    document.catalog_mut().unwrap().set(key, value);
    let mut bytes = Vec::new();
    let options = SaveOptions::builder().use_object_streams(true).use_xref_streams(true).compression_level(6).build();
    document.save_with_options(&mut bytes, options).unwrap();
    bytes
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn script(document: &mut Document) -> Object {
    action(document, "JavaScript", "JS")
}

fn action(document: &mut Document, kind: &str, entry: &str) -> Object {
    let mut action = dictionary! { "Type" => "Action", "S" => kind };
    action.set(entry, Object::string_literal("app.alert(1)"));
    let id: ObjectId = document.add_object(action);
    id.into()
}

#[test]
fn a_document_is_written_anew_with_its_pages_and_nothing_else() {
    let mut document = page();
    let author = document.add_object(dictionary! { "Author" => Object::string_literal("Marie Dupont") });
    document.trailer.set("Info", author);
    document.add_object(dictionary! { "Hidden" => Object::string_literal("an object of no page") });
    let mut original = bytes(document);
    original.extend(b"\nPK\x03\x04 an archive behind the end");
    let written = rewrite(&original).unwrap();
    for trace in ["Marie Dupont", "an object of no page", "PK\x03\x04"] {
        assert!(contains(&original, trace) && !contains(&written, trace), "{trace}");
    }
    let read = Document::load_mem(&written).unwrap();
    assert_eq!(read.get_pages().len(), 1);
    assert!(read.extract_text(&[1]).unwrap().contains("Plan de la rue"));
    assert_eq!(read.trailer.get(b"Size").and_then(Object::as_i64).unwrap(), i64::from(read.max_id) + 1);
    assert!(rewrite(&written).is_ok());
}

#[test]
fn what_does_more_than_show_pages_is_refused() {
    let active = |name: &str| Err(Refusal::Active(name.to_owned()));
    assert_eq!(rewrite(&with("OpenAction", script)), active("JavaScript"));
    assert_eq!(rewrite(&with("OpenAction", |d| action(d, "Launch", "F"))), active("Launch"));
    assert_eq!(rewrite(&with("OpenAction", |d| action(d, "GoToR", "F"))), active("GoToR"));
    assert_eq!(
        rewrite(&with("AA", |_| dictionary! { "WC" => dictionary! { "S" => "Rendition" } }.into())),
        active("Rendition")
    );
    assert_eq!(rewrite(&with("AcroForm", |_| dictionary! { "XFA" => Object::Array(vec![]) }.into())), active("XFA"));
    let carried = |_: &mut Document| dictionary! { "EmbeddedFiles" => dictionary! {} }.into();
    assert_eq!(rewrite(&with("Names", carried)), active("EmbeddedFiles"));
    let annotated = |_: &mut Document| Object::Array(vec![dictionary! { "Subtype" => "FileAttachment" }.into()]);
    assert_eq!(rewrite(&with("Annots", annotated)), active("FileAttachment"));
    // A link to a page, or to the web, is what documents have.
    let linked = |_: &mut Document| dictionary! { "S" => "URI", "URI" => Object::string_literal("https://x") }.into();
    assert!(rewrite(&with("OpenAction", linked)).is_ok());
}

#[test]
fn a_name_written_otherwise_is_the_same_name() {
    let plain = with("OpenAction", script);
    let at = plain.windows(11).position(|window| window == b"/JavaScript").unwrap();
    let mut escaped = plain[..at].to_vec();
    escaped.extend(b"/J#61vaScr#69pt");
    escaped.extend(&plain[at + 11..]);
    assert_eq!(rewrite(&escaped), Err(Refusal::Active("JavaScript".to_owned())));
    // In an object that no table lists.
    let mut unlisted = bytes(page());
    unlisted.extend(b"\n99 0 obj << /S /JavaScript /JS (x) >> endobj");
    assert_eq!(rewrite(&unlisted), Err(Refusal::Active("JavaScript".to_owned())));
}

#[test]
fn script_in_a_pack_of_objects_is_found_and_a_bomb_not_unpacked() {
    let action = dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") };
    let hidden = packed("OpenAction", |document| document.add_object(action).into());
    assert!(!contains(&hidden, "JavaScript") && contains(&hidden, "ObjStm"), "it is packed");
    assert_eq!(rewrite(&hidden), Err(Refusal::Active("JS".to_owned())));
    let text = |text: Vec<u8>| packed("Lang", |document| document.add_object(Object::string_literal(text)).into());
    assert!(rewrite(&text(b"fr".to_vec())).is_ok());
    let bomb = text(vec![b'a'; UNPACKED]);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    assert_eq!(rewrite(&bomb), Err(Refusal::Bomb));
}

#[test]
fn an_action_whose_kind_is_another_object_is_found() {
    for kind in ["Launch", "GoToR", "Rendition", "RichMedia", "URI", "EmbeddedFile"] {
        let hidden = packed("OpenAction", |document| {
            let alone = document.add_object(Object::Name(kind.into()));
            document.add_object(dictionary! { "S" => alone, "F" => Object::string_literal("a program") }).into()
        });
        assert!(!contains(&hidden, kind) && contains(&hidden, "ObjStm"), "it is packed");
        assert_eq!(rewrite(&hidden), Err(Refusal::Active(kind.to_owned())));
    }
    // Other names may stand alone.
    let harmless = |document: &mut Document| document.add_object(Object::Name("TwoColumnLeft".into())).into();
    assert!(rewrite(&packed("PageLayout", harmless)).is_ok());
}

#[test]
fn what_is_damaged_or_locked_is_refused() {
    assert_eq!(rewrite(b"%PDF-1.7\nnothing"), Err(Refusal::Damaged));
    let whole = bytes(page());
    assert!(matches!(rewrite(&whole[..whole.len() / 2]), Err(Refusal::Damaged)));
    let mut locked = page();
    locked.trailer.set("Encrypt", dictionary! { "Filter" => "Standard" });
    assert_eq!(rewrite(&bytes(locked)), Err(Refusal::Encrypted));
    let empty = Document::with_version("1.7");
    assert_eq!(rewrite(&bytes(empty)), Err(Refusal::Damaged));
}
