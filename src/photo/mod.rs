//! Photos: what somebody sends is opened, turned upright, made smaller and written anew as a JPEG, so that nothing of the
//! file that came, neither its metadata nor what else may hide in it, is kept or shown. Equal pictures of a tenant are
//! kept once.

mod store;

pub use store::{STATEMENTS, Size, attach, keep, read, remove, sweep};

use std::io::Cursor;

use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, Rgba, RgbaImage, imageops};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::access::Act;
use crate::app::App;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::web::{Form, Upload};

/// What a file may weigh, in megabytes, and how large the picture in it may be: the largest that phones make.
const LIMIT_MB: usize = 20;
const LIMIT_PIXELS: u64 = 50_000_000;
/// What decoding may take of the memory, in bytes.
const LIMIT_MEMORY: u64 = 256 << 20;
/// The longer side of what is kept, in pixels.
const FULL: u32 = 1600;
const THUMBNAIL: u32 = 320;
const QUALITY: u8 = 80;

/// A large picture takes hundreds of megabytes while it is open, so only a few are open at once.
static OPEN: Semaphore = Semaphore::const_new(2);

/// A picture as it will be kept: two JPEGs without metadata, and the digest of the larger.
#[derive(Debug, Clone)]
pub struct Picture {
    pub digest: String,
    pub width: u32,
    pub height: u32,
    pub content: Vec<u8>,
    pub thumbnail: Vec<u8>,
}

/// Makes a picture of a JPEG, PNG or WebP file, whatever its name says.
///
/// Errors: refused, with what to do, if it is none of these, is damaged or too large.
pub async fn prepare(content: Bytes) -> Result<Picture> {
    if content.len() > LIMIT_MB << 20 {
        return Err(too_large());
    }
    let _permit = OPEN.acquire().await.map_err(anyhow::Error::from)?;
    tokio::task::spawn_blocking(move || render(&content)).await.map_err(anyhow::Error::from)?
}

fn render(content: &[u8]) -> Result<Picture> {
    let image = open(content).map_err(|error| match error {
        ImageError::Limits(_) => too_large(),
        _ => Error::refused("这张照片打不开：不是 JPG、PNG、WebP 照片，或文件不完整。请换一张，或重新拍一张。"),
    })?;
    let full = shrink(on_white(image), FULL);
    let content = encode(&full)?;
    let digest = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    let (width, height) = (full.width(), full.height());
    Ok(Picture { digest, width, height, content, thumbnail: encode(&shrink(full, THUMBNAIL))? })
}

/// Decodes a file and turns the picture as its camera was held. The size that its header claims is checked first.
fn open(content: &[u8]) -> image::ImageResult<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(content)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(LIMIT_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > LIMIT_PIXELS {
        let kind = image::error::LimitErrorKind::DimensionError;
        return Err(ImageError::Limits(image::error::LimitError::from_kind(kind)));
    }
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// JPEG knows no transparency; what shines through is paper, not black.
fn on_white(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image;
    }
    let mut paper = RgbaImage::from_pixel(image.width(), image.height(), Rgba([255; 4]));
    imageops::overlay(&mut paper, &image.into_rgba8(), 0, 0);
    paper.into()
}

fn shrink(image: DynamicImage, side: u32) -> DynamicImage {
    if image.width().max(image.height()) > side { image.thumbnail(side, side) } else { image }
}

fn encode(image: &DynamicImage) -> Result<Vec<u8>> {
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    image.to_rgb8().write_with_encoder(encoder).map_err(anyhow::Error::from)?;
    Ok(jpeg)
}

fn too_large() -> Error {
    Error::refused(format!("这张照片太大，超过 {LIMIT_MB} MB 或 {} 万像素。请压缩后再传。", LIMIT_PIXELS / 10_000))
}

/// The photos of a form's field, in order: those that an earlier try of the same form brought, then the new ones. Each new
/// one is kept at once, so that a form that fails for another reason does not lose it; the form carries all of them on
/// as signed fields named after the field, so that no other form of the same page shows them as its own. A picture that cannot be used, or one
/// too many, is noted in the form.
pub async fn from_form(app: &App, act: &Act, form: &mut Form, field: &str, most: usize) -> Result<Vec<Uuid>> {
    let carried = Form::carried(field);
    let kept: Option<Vec<Uuid>> =
        form.values(&carried).map(|value| verified(&app.means.keys, act.tenant, value)).collect();
    let Some(mut photos) = kept else {
        return Err(Error::refused("页面里先前收到的照片核对不上，没有提交。请重新打开这个页面，再选一次照片。"));
    };
    let (uploads, others) = std::mem::take(&mut form.uploads).into_iter().partition(|upload| upload.field == field);
    form.uploads = others;
    for Upload { content, .. } in uploads {
        if photos.len() == most {
            form.fail(field, format!("最多 {most} 张照片，已收下前 {most} 张，其余没有保存"));
            break;
        }
        match prepare(content).await {
            Ok(picture) => {
                let mut tx = app.db.begin().await?;
                let photo = keep(&mut tx, act, &picture).await?;
                tx.commit().await?;
                if !photos.contains(&photo) {
                    photos.push(photo);
                    form.add(&carried, signed(&app.means.keys, act.tenant, photo));
                }
            }
            Err(Error::Refused(sentence)) => form.fail(field, sentence),
            Err(error) => return Err(error),
        }
    }
    Ok(photos)
}

/// Photos that are kept already, as the fields that carry them on to another form: nobody sends them once more. For whoever may see them.
pub fn carried(keys: &Keys, tenant: Uuid, photos: &[Uuid]) -> Vec<String> {
    photos.iter().map(|photo| signed(keys, tenant, *photo)).collect()
}

/// `uuid.signature`: only a photo that this tenant has taken in and shown to whoever sends the form can be named there.
fn signed(keys: &Keys, tenant: Uuid, photo: Uuid) -> String {
    let signature = keys.sign("photo", &[tenant.as_bytes().as_slice(), photo.as_bytes()].concat());
    format!("{photo}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn verified(keys: &Keys, tenant: Uuid, value: &str) -> Option<Uuid> {
    let photo = value.split('.').next()?.parse().ok()?;
    (signed(keys, tenant, photo) == value).then_some(photo)
}

/// A photo as an answer. What an id shows never changes, so the browser of whoever may see it can keep it for a day.
pub fn response(jpeg: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, "private, max-age=86400, immutable")], jpeg).into_response()
}

#[cfg(test)]
mod tests {
    use image::{ImageEncoder, ImageFormat, RgbImage};

    use super::*;
    use crate::means::Chance;

    /// A picture with a red left half and a blue right half.
    fn halves(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| image::Rgb(if x < width / 2 { [220, 0, 0] } else { [0, 0, 220] }))
    }

    fn png(image: impl Into<DynamicImage>) -> Bytes {
        let mut file = Cursor::new(Vec::new());
        image.into().write_to(&mut file, ImageFormat::Png).unwrap();
        file.into_inner().into()
    }

    /// A JPEG whose EXIF says that the camera was held as `orientation` tells, and where it was.
    fn jpeg_with_exif(orientation: u8) -> Bytes {
        let mut exif = b"II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        exif.extend([orientation, 0, 0, 0]); // 0x0112, orientation
        exif.extend(b"\x0f\x01\x02\0\x0e\0\0\0\x26\0\0\0\0\0\0\0Lat 37.8 north"); // 0x010f, a text
        let mut file = Vec::new();
        let mut encoder = JpegEncoder::new(&mut file);
        encoder.set_exif_metadata(exif).unwrap();
        halves(40, 20).write_with_encoder(encoder).unwrap();
        file.into()
    }

    fn contains(haystack: &[u8], needle: &[u8]) -> bool {
        haystack.windows(needle.len()).any(|window| window == needle)
    }

    #[tokio::test]
    async fn turned_upright_and_without_metadata() {
        let sent = jpeg_with_exif(6);
        assert!(contains(&sent, b"Exif") && contains(&sent, b"37.8"));
        let picture = prepare(sent).await.unwrap();
        assert_eq!((picture.width, picture.height), (20, 40));
        let upright = image::load_from_memory(&picture.content).unwrap().to_rgb8();
        // A quarter turn clockwise takes the left half to the top.
        assert!(upright.get_pixel(10, 5).0[0] > 150 && upright.get_pixel(10, 35).0[2] > 150);
        for kept in [&picture.content, &picture.thumbnail] {
            assert!(!contains(kept, b"Exif") && !contains(kept, b"37.8"));
        }
    }

    #[tokio::test]
    async fn made_smaller_never_larger() {
        let picture = prepare(png(halves(3200, 800))).await.unwrap();
        assert_eq!((picture.width, picture.height), (1600, 400));
        let thumbnail = image::load_from_memory(&picture.thumbnail).unwrap();
        assert_eq!((thumbnail.width(), thumbnail.height()), (320, 80));
        let small = prepare(png(halves(30, 20))).await.unwrap();
        assert_eq!((small.width, small.height), (30, 20));
        assert_eq!(small.digest, prepare(png(halves(30, 20))).await.unwrap().digest);
    }

    #[tokio::test]
    async fn transparent_is_white() {
        let picture = prepare(png(RgbaImage::new(8, 8))).await.unwrap();
        assert_eq!(image::load_from_memory(&picture.content).unwrap().to_rgb8().get_pixel(4, 4).0, [255; 3]);
    }

    #[tokio::test]
    async fn what_is_no_picture_is_refused() {
        let cut_short = png(halves(400, 400));
        let not_pictures = [
            Bytes::new(),
            Bytes::from_static(b"MZ\x90\0 a program"),
            Bytes::from_static(b"<svg/>"),
            cut_short.slice(..200),
        ];
        for content in not_pictures {
            let refusal = prepare(content).await.unwrap_err();
            assert!(refusal.to_string().starts_with("这张照片打不开"), "{refusal}");
        }
    }

    #[tokio::test]
    async fn an_absurd_size_is_refused_by_its_header() {
        let mut claim = png(halves(2, 2)).to_vec();
        claim[16..20].copy_from_slice(&60_000u32.to_be_bytes());
        claim[20..24].copy_from_slice(&60_000u32.to_be_bytes());
        let sum = crc32(&claim[12..29]);
        claim[29..33].copy_from_slice(&sum.to_be_bytes());
        for content in [Bytes::from(claim), Bytes::from(vec![0; (LIMIT_MB << 20) + 1])] {
            let refusal = prepare(content).await.unwrap_err();
            assert!(refusal.to_string().starts_with("这张照片太大"), "{refusal}");
        }
    }

    /// The checksum of a PNG chunk.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes
            .iter()
            .fold(!0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1))))
    }

    #[test]
    fn only_what_was_signed_for_the_tenant_is_taken_back() {
        let keys = Keys::generate(&Chance::seeded(4));
        let value = signed(&keys, Uuid::nil(), Uuid::max());
        assert_eq!(verified(&keys, Uuid::nil(), &value), Some(Uuid::max()));
        assert_eq!(verified(&keys, Uuid::max(), &value), None);
        assert_eq!(verified(&keys, Uuid::nil(), &format!("{}.x", Uuid::max())), None);
        assert_eq!(verified(&keys, Uuid::nil(), ""), None);
    }
}
