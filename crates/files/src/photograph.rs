//! Photographs: decoded within limits, laid upright, drawn anew as a JPEG of bounded size, with a thumbnail. Nothing of
//! the original file survives but its pixels: neither where it was taken, nor what was hidden behind its end.
//!
//! Colours are taken as sRGB; a profile would be a place to hide something.

use std::io::{BufReader, Read as _, Seek as _};

use image::codecs::jpeg::JpegEncoder;
use image::error::LimitErrorKind;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

use crate::Refusal;
use crate::spool::Reader;

/// How many pixels an image may have: what telephones of 2026 take is up to 50 million.
pub(crate) const MAX_PIXELS: u64 = 64_000_000;

/// How much memory a decoder may take, in bytes.
const MAX_MEMORY: u64 = MAX_PIXELS * 4;

/// The longer side of what is kept, in pixels.
const LONGER_SIDE: u32 = 4096;

/// The longer side of a thumbnail, in pixels.
const THUMBNAIL: u32 = 400;

const QUALITY: u8 = 85;

/// A photograph that was drawn anew.
pub(crate) struct Drawn {
    pub(crate) content: Vec<u8>,
    pub(crate) thumbnail: Vec<u8>,
    /// Width and height.
    pub(crate) dimensions: (u32, u32),
}

fn decoder(file: Reader, format: ImageFormat) -> Result<impl image::ImageDecoder, Refusal> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    let mut reader = ImageReader::with_format(BufReader::new(file), format);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| refusal(&error))
}

/// Width and height of an image, which may be decoded.
pub(crate) fn measure(file: Reader, format: ImageFormat) -> Result<(u32, u32), Refusal> {
    let (width, height) = decoder(file, format)?.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS { Err(Refusal::TooManyPixels) } else { Ok((width, height)) }
}

/// Draws an image anew. It was measured before.
pub(crate) fn draw(mut file: Reader, format: ImageFormat) -> Result<Drawn, Refusal> {
    if format == ImageFormat::Jpeg {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).and_then(|_| file.rewind()).map_err(|_| Refusal::Damaged)?;
        if !ends(&bytes) {
            return Err(Refusal::Damaged);
        }
    }
    let mut decoder = decoder(file, format)?;
    // Metadata that cannot be read does not keep the picture from being seen.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    // Made smaller first, turned after: the large picture is never in memory twice.
    if image.width().max(image.height()) > LONGER_SIDE {
        image = image.thumbnail(LONGER_SIDE, LONGER_SIDE);
    }
    image.apply_orientation(orientation);
    let picture = on_white(image);
    let dimensions = picture.dimensions();
    let content = jpeg(&picture)?;
    let small = DynamicImage::from(picture);
    let small = if dimensions.0.max(dimensions.1) > THUMBNAIL { small.thumbnail(THUMBNAIL, THUMBNAIL) } else { small };
    Ok(Drawn { content, thumbnail: jpeg(&small.into_rgb8())?, dimensions })
}

/// Whether a JPEG has its end marker (ITU-T T.81, B.1.1): the decoder paints what is missing of a cut one grey. What comes
/// after the end is not looked at.
fn ends(jpeg: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker]) = jpeg.get(at..at + 2) {
        at += 2;
        match marker {
            0xd9 => return true,
            // Fill bytes, and markers without a length.
            0xff => at -= 1,
            0x01 | 0xd0..=0xd7 => {}
            _ => {
                let Some(&[high, low]) = jpeg.get(at..at + 2) else { return false };
                at += usize::from(u16::from_be_bytes([high, low]));
                // Behind a start of scan come the pixels, up to the next marker.
                if marker == 0xda {
                    let pixels = jpeg.get(at..).unwrap_or_default();
                    let next = pixels.windows(2).position(|w| w[0] == 0xff && !matches!(w[1], 0 | 0xd0..=0xd7 | 0xff));
                    let Some(next) = next else { return false };
                    at += next;
                }
            }
        }
    }
    false
}

/// What can be seen through is laid on white.
fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0.map(u32::from);
        let lay = |colour: u32| u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        Rgb([lay(red), lay(green), lay(blue)])
    })
}

fn jpeg(picture: &RgbImage) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    picture.write_with_encoder(encoder).map_err(|error| refusal(&error))?;
    Ok(bytes)
}

fn refusal(error: &ImageError) -> Refusal {
    match error {
        ImageError::Limits(limit)
            if matches!(limit.kind(), LimitErrorKind::DimensionError | LimitErrorKind::InsufficientMemory) =>
        {
            Refusal::TooManyPixels
        }
        _ => Refusal::Damaged,
    }
}

#[cfg(test)]
mod tests;
