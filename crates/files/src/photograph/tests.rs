use std::io::Cursor;

use domain::attachment::MediaType;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _, Rgba, RgbaImage};

use super::*;
use crate::{Error, Files, Kind, Made, Settings};

/// Red on the left, blue on the right.
fn two_coloured(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([250, 0, 0]) } else { Rgb([0, 0, 250]) })
}

fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The JPEG with an Exif segment: its orientation, and where it was taken, in words.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0x01, 0x0e, 0, 2, 0, 0, 0, 20, 0, 0, 0, 38, 0, 0, 0, 0]);
    exif.extend(b"49.89412N 2.30213E \0");
    let mut marked = jpeg[..2].to_vec();
    marked.extend([0xff, 0xe1]);
    marked.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
    marked.extend(exif);
    marked.extend(&jpeg[2..]);
    marked
}

fn files() -> (Files, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Files::new(Settings::in_folder(folder.path())).unwrap(), folder)
}

async fn made(bytes: &[u8]) -> Result<Made, Error> {
    let (files, folder) = files();
    let mut spool = files.receive().await?;
    for chunk in bytes.chunks(8192) {
        spool.take(chunk).await?;
    }
    let made = files.make(spool.end().await?).await;
    assert_eq!(std::fs::read_dir(folder.path().join("spool")).unwrap().count(), 0, "uploads have no names");
    made
}

async fn refused(bytes: &[u8]) -> Refusal {
    let outcome = made(bytes).await;
    let Err(Error::Refused(refusal)) = outcome else { unreachable!("{outcome:?}") };
    refusal
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

#[tokio::test]
async fn a_photograph_is_laid_upright_and_says_nothing_but_its_pixels() {
    let jpeg = with_exif(&encoded(&two_coloured(60, 40), ImageFormat::Jpeg), 6);
    assert!(contains(&jpeg, b"Exif") && contains(&jpeg, b"49.89412N"));
    let mut polyglot = jpeg.clone();
    polyglot.extend(b"PK\x03\x04<script>alert(1)</script>");
    let made = made(&polyglot).await.unwrap();
    // Orientation 6: turned by a quarter to the right. The red half, which was on the left, is on top.
    assert_eq!((made.media_type, made.dimensions), (MediaType::Jpeg, Some((40, 60))));
    let kept = image::load_from_memory_with_format(&made.content, ImageFormat::Jpeg).unwrap().into_rgb8();
    assert_eq!(kept.dimensions(), (40, 60));
    let (top, bottom) = (kept.get_pixel(20, 5).0, kept.get_pixel(20, 55).0);
    assert!(top[0] > 200 && top[2] < 60 && bottom[0] < 60 && bottom[2] > 200, "{top:?} {bottom:?}");
    for trace in [b"Exif".as_slice(), b"49.89412N", b"PK\x03\x04", b"<script>", b"MM\0*"] {
        assert!(!contains(&made.content, trace) && !contains(made.thumbnail.as_ref().unwrap(), trace));
    }
    assert!(made.content.ends_with(&[0xff, 0xd9]));
}

#[tokio::test]
async fn every_format_becomes_a_jpeg_with_a_thumbnail() {
    let picture = two_coloured(1000, 500);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let made = made(&encoded(&picture, format)).await.unwrap();
        assert_eq!(made.dimensions, Some((1000, 500)), "{format:?}");
        let thumbnail = image::load_from_memory(&made.thumbnail.unwrap()).unwrap();
        assert_eq!((thumbnail.width(), thumbnail.height()), (400, 200));
        assert_eq!(Kind::of(&made.content), Some(Kind::Image(ImageFormat::Jpeg)));
    }
}

#[tokio::test]
async fn what_can_be_seen_through_is_laid_on_white() {
    let glass = RgbaImage::from_pixel(20, 20, Rgba([0, 0, 0, 0]));
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(&glass, 20, 20, ExtendedColorType::Rgba8).unwrap();
    let made = made(&bytes).await.unwrap();
    let kept = image::load_from_memory(&made.content).unwrap().into_rgb8();
    assert!(kept.get_pixel(10, 10).0.iter().all(|colour| *colour > 250));
}

#[tokio::test]
async fn a_picture_of_50_megapixels_is_made_smaller_and_one_of_900_not_decoded() {
    let large = RgbImage::from_fn(8192, 6144, |x, y| {
        let [low, high] = [x, y].map(|n| u8::try_from(n % 256).unwrap_or_default());
        Rgb([low, high, low ^ high])
    });
    let made = made(&encoded(&large, ImageFormat::Jpeg)).await.unwrap();
    assert_eq!(made.dimensions, Some((4096, 3072)));
    // A grey picture of 30 000 × 30 000, a megabyte long. Its pixels are never unpacked: they do not even add up.
    let mut bomb = encoded(&two_coloured(8, 8), ImageFormat::Png);
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let crc = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(refused(&bomb).await, Refusal::TooManyPixels);
}

/// Of PNG chunks.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[tokio::test]
async fn what_is_no_picture_is_refused_for_what_it_is() {
    assert_eq!(refused(b"").await, Refusal::Empty);
    assert_eq!(refused(b"PK\x03\x04 a zip archive, whatever it is called").await, Refusal::UnknownType);
    assert_eq!(refused(b"<svg xmlns='http://www.w3.org/2000/svg'/>").await, Refusal::UnknownType);
    assert_eq!(refused(b"GIF89a").await, Refusal::UnknownType);
    assert_eq!(refused(b"\x89PNG\r\n\x1a\n and nothing more").await, Refusal::Damaged);
    let png = encoded(&two_coloured(300, 300), ImageFormat::Png);
    assert_eq!(refused(&png[..png.len() / 2]).await, Refusal::Damaged);
    let (files, _folder) = files();
    let mut spool = files.receive().await.unwrap();
    let whole = vec![0; usize::try_from(files.max_bytes()).unwrap()];
    spool.take(&whole).await.unwrap();
    let one_more = spool.take(b"x").await;
    assert!(matches!(one_more, Err(Error::Refused(Refusal::TooLong(20_971_520)))), "{one_more:?}");
}

#[tokio::test]
async fn a_photograph_that_was_cut_is_damaged() {
    let noise =
        RgbImage::from_fn(400, 300, |x, y| Rgb([(x * y % 251) as u8, (x * 7 % 253) as u8, (y * 13 % 255) as u8]));
    let whole = encoded(&noise, ImageFormat::Jpeg);
    assert!(ends(&whole));
    for length in [whole.len() / 2, whole.len() - 2] {
        assert!(matches!(refused(&whole[..length]).await, Refusal::Damaged), "{length} of {}", whole.len());
    }
    let more = [whole.as_slice(), b"\xff\xda and more"].concat();
    assert!(made(&more).await.is_ok(), "what a telephone appends is left off");
}
