//! The photographs of a ticket, for a partner that is entitled to them.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use domain::id::AttachmentId;
use usecases::ticket::attachment::Which;
use usecases::ticket::partner::{knock, photo};
use usecases::{Context, Origin};
use utoipa::IntoParams;
use uuid::Uuid;

use super::LinkPath;
use crate::problem::Problem;
use crate::request::caller::Visitor;
use crate::request::path::{Id, id_path};
use crate::ticket::deliver;
use crate::view::FileBytes;

/// The photograph that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents what `Id` takes")]
pub(crate) struct PhotoPath {
    /// The photograph's id.
    photo: Uuid,
}
id_path!(PhotoPath, "photo");

/// Get a photograph, as a ticket's partner
///
/// For a partner that is entitled to `photos`; that it was opened is logged. The `ETag` is the SHA-256.
#[utoipa::path(
    operation_id = "partner_photo_content",
    tag = "partners",
    params(LinkPath, PhotoPath),
    responses(
        (status = 200, description = "The picture", content((FileBytes = "image/jpeg")), headers(("ETag" = String, description = "The SHA-256"), ("Content-Disposition" = String, description = "`attachment`, with the name"))),
        (status = 304, description = "You have it already"),
        (status = 409, description = "`attachment_not_scanned`"),
        (status = 410, description = "`attachment_removed`, `partner_link_expired`, `partner_link_over`"),
    ),
    security(())
)]
#[get("/v1/partners/{token}/photos/{photo}/content")]
pub(crate) async fn content(
    request: HttpRequest,
    Visitor(from): Visitor,
    cx: Data<Context>,
    path: LinkPath,
    id: Id<PhotoPath>,
) -> Result<HttpResponse, Problem> {
    send(&request, &cx, (&path, &from), AttachmentId(id.value), Which::Content).await
}

/// Get a photograph's thumbnail, as a ticket's partner
///
/// A JPEG of at most 400 pixels a side, for a partner that is entitled to `photos`.
#[utoipa::path(
    operation_id = "partner_photo_thumbnail",
    tag = "partners",
    params(LinkPath, PhotoPath),
    responses(
        (status = 200, description = "The picture", content((FileBytes = "image/jpeg")), headers(("ETag" = String, description = "Changes with the picture"))),
        (status = 304, description = "You have it already"),
        (status = 409, description = "`attachment_not_scanned`"),
        (status = 410, description = "`attachment_removed`, `partner_link_expired`, `partner_link_over`"),
    ),
    security(())
)]
#[get("/v1/partners/{token}/photos/{photo}/thumbnail")]
pub(crate) async fn thumbnail(
    request: HttpRequest,
    Visitor(from): Visitor,
    cx: Data<Context>,
    path: LinkPath,
    id: Id<PhotoPath>,
) -> Result<HttpResponse, Problem> {
    send(&request, &cx, (&path, &from), AttachmentId(id.value), Which::Thumbnail).await
}

async fn send(
    request: &HttpRequest,
    cx: &Context,
    (path, from): (&LinkPath, &Origin),
    id: AttachmentId,
    which: Which,
) -> Result<HttpResponse, Problem> {
    let door = knock(cx, &path.token, from).await?;
    let readable = photo(cx, &door, id, which).await?;
    deliver(cx, &readable, which, request).await
}
