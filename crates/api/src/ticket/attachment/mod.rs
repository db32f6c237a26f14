//! `/v1/tickets/{ticket}/attachments`.

mod add;
mod content;
mod list;
mod read;
mod remove;

use crate::openapi::Routes;
use chrono::{DateTime, Utc};
use domain::attachment::{Attachment, FileName, MediaType};
use serde::Serialize;
use usecases::Context;
use usecases::ticket::attachment::Shown;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub(crate) use content::deliver;

use crate::request::path::id_path;
use crate::view::hexadecimal;
use domain::ticket::ActorView;

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(add::add)
        .service(list::list)
        .service(read::read)
        .service(content::content)
        .service(content::thumbnail)
        .service(remove::remove);
}

/// The attachment that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents what `Id` takes")]
pub(crate) struct AttachmentPath {
    /// The attachment's id.
    attachment: Uuid,
}
id_path!(AttachmentPath, "attachment");

/// A photograph or a document of a ticket.
#[derive(Serialize, ToSchema)]
#[schema(as = Attachment)]
pub(crate) struct AttachmentView {
    /// Its id.
    id: Uuid,
    /// What it is called: what was harmless in the name that it was sent under. Gone once it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("Rue du Pigeonnier.jpg"))]
    name: Option<String>,
    media_type: MediaType,
    /// How long it is, in bytes.
    #[schema(minimum = 1)]
    size: u64,
    /// The SHA-256 of its bytes, which are not those that were sent: a photograph is drawn anew, a PDF written anew.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// Pixels, of a photograph.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    width: Option<u32>,
    /// Pixels, of a photograph.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    height: Option<u32>,
    /// When it was added.
    added_at: DateTime<Utc>,
    added_by: ActorView,
    /// Whether its bytes can be had: not before a virus scanner has seen it, where there is one; not once it was taken
    /// back.
    available: bool,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    removed_at: Option<DateTime<Utc>>,
}

impl AttachmentView {
    fn new(cx: &Context, shown: &Shown) -> Self {
        let Attachment { id, name, media_type, size, dimensions, added_at, added_by, scanned_at, removed, .. } =
            &shown.attachment;
        Self {
            id: id.0,
            name: name.as_ref().map(|name| FileName::as_str(name).to_owned()),
            media_type: *media_type,
            size: *size,
            sha256: hexadecimal(&shown.attachment.sha256),
            width: dimensions.map(|(width, _)| width),
            height: dimensions.map(|(_, height)| height),
            added_at: *added_at,
            added_by: ActorView::new(added_by, shown.by.clone()),
            available: removed.is_none() && (scanned_at.is_some() || !cx.files.scans()),
            removed_at: removed.as_ref().map(|removal| removal.at),
        }
    }
}
