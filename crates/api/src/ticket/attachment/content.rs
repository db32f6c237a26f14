//! The bytes of an attachment. They are made to be saved, never to be shown as a page of this server: whatever a browser
//! may take them for, it runs nothing.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadTickets;
use domain::attachment::{FileName, MediaType};
use domain::id::AttachmentId;
use usecases::Context;
use usecases::ticket::attachment::{self, Readable, Which};

use super::super::TicketPath;
use super::AttachmentPath;
use crate::problem::Problem;
use crate::request::caller::Caller;
use crate::request::conditional::has;
use crate::request::path::Id;
use crate::view::{FileBytes, hexadecimal};

/// Get an attachment's bytes
///
/// With the ticket's rights. The `ETag` is the SHA-256: with `If-None-Match`, what one has already is not sent again.
#[utoipa::path(
    operation_id = "attachment_content",
    tag = "tickets",
    params(TicketPath, AttachmentPath),
    responses(
        (status = 200, description = "The bytes", content((FileBytes = "image/jpeg"), (FileBytes = "application/pdf")), headers(("ETag" = String, description = "The SHA-256"), ("Content-Disposition" = String, description = "`attachment`, with the name"))),
        (status = 304, description = "You have them already"),
        (status = 409, description = "`attachment_not_scanned`"),
        (status = 410, description = "`attachment_removed`")
    ),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/attachments/{attachment}/content")]
pub(crate) async fn content(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    id: Id<AttachmentPath>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    send(&cx, &caller, &path, AttachmentId(id.value), Which::Content, &request).await
}

/// Get a photograph's thumbnail
///
/// A JPEG of at most 400 pixels a side, with the ticket's rights. A document has none.
#[utoipa::path(
    operation_id = "attachment_thumbnail",
    tag = "tickets",
    params(TicketPath, AttachmentPath),
    responses(
        (status = 200, description = "The picture", content((FileBytes = "image/jpeg")), headers(("ETag" = String, description = "Changes with the picture"))),
        (status = 304, description = "You have it already"),
        (status = 409, description = "`attachment_not_scanned`"),
        (status = 410, description = "`attachment_removed`")
    ),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/attachments/{attachment}/thumbnail")]
pub(crate) async fn thumbnail(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    id: Id<AttachmentPath>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    send(&cx, &caller, &path, AttachmentId(id.value), Which::Thumbnail, &request).await
}

async fn send(
    cx: &Context,
    caller: &Caller<ReadTickets>,
    path: &TicketPath,
    id: AttachmentId,
    which: Which,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let readable = attachment::readable(cx, &caller.grant, &path.ticket, id).await?;
    deliver(cx, &readable, which, request).await
}

/// Sends the bytes of an attachment that the caller may have.
pub(crate) async fn deliver(
    cx: &Context,
    readable: &Readable,
    which: Which,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let known = &readable.shown().attachment;
    let sha256 = hexadecimal(&known.sha256);
    let (etag, media_type) = match which {
        Which::Content => (format!("\"{sha256}\""), known.media_type),
        Which::Thumbnail => (format!("\"{sha256}-thumbnail\""), MediaType::Jpeg),
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((ETAG, etag.as_str()))
        // Kept by who has read it, and asked about each time: rights may change.
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
        ));
    if has(request, &etag) {
        return Ok(response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    let disposition = disposition(known.name.as_ref().map_or("fichier", FileName::as_str));
    let opened = attachment::open(cx, readable, which).await?;
    Ok(response
        .insert_header((CONTENT_TYPE, media_type.code()))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .no_chunking(opened.size)
        .streaming(opened.stream))
}

/// To be saved under that name (RFC 6266): for old programs in ASCII, for others as it is (RFC 8187).
fn disposition(name: &str) -> String {
    let ascii: String = name.chars().map(|c| if c.is_ascii() && !"\"\\%".contains(c) { c } else { '_' }).collect();
    let attribute = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
    let encoded = name.bytes().map(|b| if attribute(b) { char::from(b).to_string() } else { format!("%{b:02X}") });
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", encoded.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn a_name_is_told_in_ascii_and_as_it_is() {
        assert_eq!(
            disposition("Été « nord ».jpg"),
            "attachment; filename=\"_t_ _ nord _.jpg\"; filename*=UTF-8''%C3%89t%C3%A9%20%C2%AB%20nord%20%C2%BB.jpg"
        );
        assert_eq!(disposition("a'b(c).pdf"), "attachment; filename=\"a'b(c).pdf\"; filename*=UTF-8''a%27b%28c%29.pdf");
    }
}
