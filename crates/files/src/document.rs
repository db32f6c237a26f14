//! Documents: a PDF is read object by object, and refused when it does more than show pages. What is kept is written
//! anew from the objects that were read: nothing of the file survives that was not looked at, neither earlier versions
//! of its pages nor another format hidden in it; nor who wrote it with what.
//!
//! A signature in it does not survive either: it is one over bytes.

use lopdf::{DecompressError, Dictionary, Document, LoadOptions, Object};

use crate::Refusal;

/// To how many bytes all the packed objects of a document may unpack. Pages, images and fonts are not unpacked.
const UNPACKED: usize = 16 * 1024 * 1024;

/// How many objects a document may have.
const MAX_OBJECTS: usize = 200_000;

/// What an action or an annotation may not be (ISO 32000-2, tables 201 and 171), and entries that hold what is run
/// or carried along.
const ACTIONS: [&[u8]; 12] = [
    b"JavaScript",
    b"Launch",
    b"ImportData",
    b"SubmitForm",
    b"ResetForm",
    b"GoToE",
    b"GoToR",
    b"Rendition",
    b"RichMediaExecute",
    b"Movie",
    b"Sound",
    b"Trans3D",
];
const ANNOTATIONS: [&[u8]; 6] = [b"FileAttachment", b"RichMedia", b"3D", b"Screen", b"Movie", b"Sound"];
const ENTRIES: [&[u8]; 7] =
    [b"JS", b"JavaScript", b"EmbeddedFiles", b"EmbeddedFile", b"EF", b"XFA", b"RichMediaContent"];
/// What a name that is an object of its own may not be either: a link says that it is one beside its address.
const ALONE: [&[u8]; 2] = [b"URI", b"EmbeddedFile"];

/// Writes a document anew, if it only shows pages.
pub(crate) fn rewrite(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let packs = look_over(bytes)?;
    // Each pack may unpack to its share, so that many of them cannot add up.
    let options = LoadOptions::with_max_decompressed_size(UNPACKED / packs.max(1));
    let mut document = Document::load_mem_with_options(bytes, options).map_err(|error| refusal(&error))?;
    if document.is_encrypted() || document.encryption_state.is_some() || document.trailer.has(b"Encrypt") {
        return Err(Refusal::Encrypted);
    }
    if document.objects.len() > MAX_OBJECTS {
        return Err(Refusal::Bomb);
    }
    let pages = document.get_pages();
    if pages.is_empty() || pages.values().any(|page| document.get_dictionary(*page).is_err()) {
        return Err(Refusal::Damaged);
    }
    for object in document.objects.values() {
        look_at_name(object)?;
        look_into(object)?;
    }
    document.trailer.remove(b"Info");
    document.catalog_mut().map_err(|error| refusal(&error))?.remove(b"Metadata");
    document.prune_objects();
    // Numbers without gaps: readers compare the highest one with how many there are.
    document.renumber_objects();
    let mut written = Vec::with_capacity(bytes.len());
    document.save_to(&mut written).map_err(|_| Refusal::Damaged)?;
    Ok(written)
}

/// Looks over the file's bytes for names that a reader might find there though this one does not, such as in an object
/// that no table lists. Returns how many packs of objects (object streams) there are, at most.
fn look_over(bytes: &[u8]) -> Result<usize, Refusal> {
    let mut packs = 0;
    for name in names(bytes) {
        match name.as_slice() {
            b"Encrypt" => return Err(Refusal::Encrypted),
            b"JavaScript" | b"Launch" | b"EmbeddedFile" | b"EmbeddedFiles" | b"RichMedia" | b"SubmitForm"
            | b"ImportData" => return Err(active(&name)),
            b"ObjStm" => packs += 1,
            _ => {}
        }
    }
    Ok(packs)
}

/// Everything in the bytes that reads as a name of six characters or more, `#xx` resolved.
fn names(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    const LONGEST: usize = 48;
    let begins = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1);
    begins.filter_map(move |begin| {
        let rest = &bytes[begin..bytes.len().min(begin + LONGEST)];
        let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'#').unwrap_or(rest.len());
        let raw = &rest[..end];
        if raw.len() < 6 {
            return None;
        }
        if !raw.contains(&b'#') {
            return Some(raw.to_vec());
        }
        let mut name = Vec::with_capacity(raw.len());
        let mut at = 0;
        while at < raw.len() {
            let pair = raw.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
            match pair.filter(|_| raw[at] == b'#').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                Some(byte) => (name.push(byte), at += 3).1,
                None => (name.push(raw[at]), at += 1).1,
            }
        }
        Some(name)
    })
}

/// Looks at an object that is nothing but a name: an action or an annotation may refer to it as its kind.
fn look_at_name(object: &Object) -> Result<(), Refusal> {
    let Object::Name(name) = object else { return Ok(()) };
    let mut kinds = ACTIONS.into_iter().chain(ANNOTATIONS).chain(ALONE);
    kinds.find(|kind| *kind == name.as_slice()).map_or(Ok(()), |kind| Err(active(kind)))
}

fn look_into(object: &Object) -> Result<(), Refusal> {
    match object {
        Object::Array(items) => items.iter().try_for_each(look_into),
        Object::Dictionary(entries) => look_into_entries(entries),
        Object::Stream(stream) => {
            // A stream whose bytes are in another file.
            if stream.dict.has(b"F") {
                return Err(active(b"F"));
            }
            look_into_entries(&stream.dict)
        }
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Reference(_) => Ok(()),
    }
}

fn look_into_entries(entries: &Dictionary) -> Result<(), Refusal> {
    if let Some(entry) = ENTRIES.into_iter().find(|entry| entries.has(entry)) {
        return Err(active(entry));
    }
    let is_one_of = |key: &[u8], names: &[&'static [u8]]| {
        let name = entries.get(key).and_then(Object::as_name).ok()?;
        names.iter().copied().find(|known| *known == name)
    };
    let found = is_one_of(b"S", &ACTIONS).or_else(|| is_one_of(b"Subtype", &ANNOTATIONS));
    if let Some(name) = found.or_else(|| is_one_of(b"Type", &[b"EmbeddedFile"])) {
        return Err(active(name));
    }
    if entries.get(b"S").and_then(Object::as_name).is_ok_and(|name| name == b"URI") && !leads_out(entries) {
        return Err(active(b"URI"));
    }
    entries.iter().try_for_each(|(_, value)| look_into(value))
}

/// Whether a link leads to a page, a mailbox or a telephone, and runs nothing.
fn leads_out(link: &Dictionary) -> bool {
    let target = link.get(b"URI").and_then(Object::as_str).unwrap_or_default().to_ascii_lowercase();
    [&b"http://"[..], b"https://", b"mailto:", b"tel:"].into_iter().any(|scheme| target.starts_with(scheme))
}

fn active(name: &[u8]) -> Refusal {
    Refusal::Active(String::from_utf8_lossy(name).into_owned())
}

fn refusal(error: &lopdf::Error) -> Refusal {
    match error {
        lopdf::Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => Refusal::Bomb,
        lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_) | lopdf::Error::UnsupportedSecurityHandler(_) => {
            Refusal::Encrypted
        }
        _ => Refusal::Damaged,
    }
}

#[cfg(test)]
mod tests;
