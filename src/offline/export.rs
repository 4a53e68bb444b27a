//! Records that a phone could not send, in a file that staff bring to the server. The file is sealed for the community: the
//! phone got the community's public key when it was set up, makes a key of the moment, and nobody but the server can read
//! what comes of the two (ECDH over P-256, HKDF-SHA-256, AES-256-GCM) — not even the phone afterwards.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::receive::{self, Outcome};
use crate::access::{self, Act};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::keys::Keys;

/// What the derived key is for; the phone says the same.
const PURPOSE: &[u8] = b"doorstep export v1";

/// The private key of a community, which follows from the key file. A digest that is no number of the curve, one in 2³²,
/// is passed over.
fn secret(keys: &Keys, tenant: Uuid) -> Option<SecretKey> {
    let attempt = |n: u8| keys.sign("offline export", &[tenant.as_bytes().as_slice(), &[n]].concat());
    (0..8).find_map(|n| SecretKey::from_slice(&attempt(n)).ok())
}

/// The public key of a community as a JSON Web Key, for its phones.
pub(super) fn public_key(keys: &Keys, tenant: Uuid) -> Option<Value> {
    let point = secret(keys, tenant)?.public_key().to_sec1_point(false);
    let (x, y) = (URL_SAFE_NO_PAD.encode(point.x()?), URL_SAFE_NO_PAD.encode(point.y()?));
    Some(json!({ "id": "1", "jwk": { "kty": "EC", "crv": "P-256", "x": x, "y": y } }))
}

#[derive(Deserialize)]
struct File {
    v: u32,
    account: Uuid,
    /// The public half of the phone's key of the moment.
    epk: Epk,
    iv: String,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Epk {
    x: String,
    y: String,
}

#[derive(Deserialize)]
struct Content {
    records: Vec<Record>,
    #[serde(default)]
    photos: Vec<Photo>,
}

#[derive(Deserialize)]
struct Record {
    id: Uuid,
    bytes: String,
}

#[derive(Deserialize)]
struct Photo {
    id: Uuid,
    record: Uuid,
    bytes: String,
}

/// What bringing in a file came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Brought {
    pub by: String,
    pub records: usize,
    pub held: usize,
    pub disputed: usize,
    pub photos: usize,
    /// Photos that are no pictures, or whose record was not in the file.
    pub lost: usize,
}

/// Brings in a file. Each record is taken in as if its phone had sent it; what is there already stays as it is, so the
/// same file may come again.
///
/// Errors: refused if the file is not one of this community's, or is damaged.
pub(super) async fn bring(app: &App, act: &Act, file: &[u8]) -> Result<Brought> {
    let (account, content) = open(&app.means.keys, act.tenant, file).ok_or_else(|| {
        Error::refused("这个文件打不开：不是本社区手机导出的走访记录，或者文件不完整。请在手机上重新导出一次。")
    })?;
    let author = access::viewer_of(&mut app.db.read().await?, act.tenant, account).await?;
    let mut brought = Brought { by: author.name.clone(), records: content.records.len(), ..Brought::default() };
    for Record { id, bytes } in &content.records {
        let bytes = STANDARD.decode(bytes).unwrap_or_default();
        match receive::receive(&app.db, &app.means, &author, *id, &bytes, None).await? {
            Outcome::Receipt(receipt) if receipt.state == "accepted" => {}
            Outcome::Receipt(_) => brought.held += 1,
            Outcome::Disputed { .. } => brought.disputed += 1,
        }
    }
    for Photo { id, record, bytes } in content.photos {
        let bytes = Bytes::from(STANDARD.decode(bytes).unwrap_or_default());
        match receive::attach(&app.db, &app.means, &author, record, id, bytes).await {
            Ok(()) => brought.photos += 1,
            Err(Error::NotFound | Error::Refused(_) | Error::Stale(_) | Error::TooLarge(_)) => brought.lost += 1,
            Err(error) => return Err(error),
        }
    }
    let mut tx = app.db.begin().await?;
    let words = format!("{} 条记录，{} 张照片", brought.records, brought.photos);
    audit::record(&mut tx, act, "bring", ("offline_export", account), &words, &[]).await?;
    tx.commit().await?;
    Ok(brought)
}

fn open(keys: &Keys, tenant: Uuid, file: &[u8]) -> Option<(Uuid, Content)> {
    let File { v: 1, account, epk, iv, ciphertext } = serde_json::from_slice(file).ok()? else { return None };
    let (x, y) = (URL_SAFE_NO_PAD.decode(epk.x).ok()?, URL_SAFE_NO_PAD.decode(epk.y).ok()?);
    let theirs = PublicKey::from_sec1_bytes(&[&[4], x.as_slice(), &y].concat()).ok()?;
    let shared = diffie_hellman(secret(keys, tenant)?.to_nonzero_scalar(), theirs.as_affine());
    let mut key = [0; 32];
    shared.extract::<Sha256>(None).expand(PURPOSE, &mut key).ok()?;
    let iv: [u8; 12] = STANDARD.decode(iv).ok()?.try_into().ok()?;
    let cipher = Aes256Gcm::new(&key.into());
    let plain = cipher.decrypt(&Nonce::from(iv), STANDARD.decode(ciphertext).ok()?.as_slice()).ok()?;
    Some((account, serde_json::from_slice(&plain).ok()?))
}
