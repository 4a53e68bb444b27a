//! Records that a phone could not send, or whose owner has forgotten the PIN, in a file that staff bring to the server. They
//! are sealed with the data key of their phone. When it was set up the phone sealed that key for the community (ECDH over
//! P-256 with a key of the moment, HKDF-SHA-256, AES-256-GCM), so that nobody but the server can read the file.

use std::collections::HashSet;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::model::State;
use super::receive::{self, Outcome};
use crate::access::{self, Act};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::keys::Keys;

/// What the derived key is for; the phone says the same.
const PURPOSE: &[u8] = b"doorstep escrow v1";

/// The private key of a community, which follows from the key file. A digest that is no number of the curve, one in 2³²,
/// is passed over.
fn secret(keys: &Keys, tenant: Uuid) -> Option<SecretKey> {
    let attempt = |n: u8| keys.sign("offline export", &[tenant.as_bytes().as_slice(), &[n]].concat());
    (0..8).find_map(|n| SecretKey::from_slice(&attempt(n)).ok())
}

/// What only a phone of an account has, since only the account's session is told it: without it a file could be made in
/// anybody's name.
fn token(keys: &Keys, tenant: Uuid, account: Uuid) -> Vec<u8> {
    keys.sign("offline account", &[tenant.as_bytes().as_slice(), account.as_bytes()].concat())
}

/// The public key of a community as a JSON Web Key, and the account's token, for its phone.
pub(super) fn public_key(keys: &Keys, tenant: Uuid, account: Uuid) -> Option<Value> {
    let point = secret(keys, tenant)?.public_key().to_sec1_point(false);
    let (x, y) = (URL_SAFE_NO_PAD.encode(point.x()?), URL_SAFE_NO_PAD.encode(point.y()?));
    let token = STANDARD.encode(token(keys, tenant, account));
    Some(json!({ "id": "1", "jwk": { "kty": "EC", "crv": "P-256", "x": x, "y": y }, "token": token }))
}

#[derive(Deserialize)]
struct File {
    v: u32,
    account: Uuid,
    escrow: Escrow,
    records: Vec<Record>,
    photos: Vec<Photo>,
}

/// The data key of a phone and the token of its account, sealed for the community.
#[derive(Deserialize)]
struct Escrow {
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
struct Record {
    id: Uuid,
    /// How far the clock of the server was ahead of the phone's when the record was made, in milliseconds. Older phones do
    /// not say.
    ahead: Option<i64>,
    #[serde(rename = "box")]
    sealed: String,
}

#[derive(Deserialize)]
struct Photo {
    id: Uuid,
    record: Uuid,
    #[serde(rename = "box")]
    sealed: String,
}

/// What bringing in a file came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Brought {
    pub by: String,
    /// What is here now, with that which somebody has to look at.
    pub records: usize,
    pub held: usize,
    pub disputed: usize,
    pub photos: usize,
    /// What could not be opened, and photos that are no pictures.
    pub lost: usize,
    /// What could not be taken this time, and may be when the same file comes again.
    pub left: usize,
}

/// Brings in a file. Each record is taken in as if its phone had sent it, and one that cannot be holds up no other; what is
/// there already stays as it is, so the same file may come again.
///
/// Errors: refused if the file is not one of this community's, or is damaged.
pub(super) async fn bring(app: &App, act: &Act, file: &[u8]) -> Result<Brought> {
    let (File { account, records, photos, .. }, key) = open(&app.means.keys, act.tenant, file).ok_or_else(|| {
        Error::refused("这个文件打不开：不是本社区手机导出的走访记录，或者文件不完整。请在手机上重新导出一次。")
    })?;
    let author = access::viewer_of(&mut app.db.read().await?, act.tenant, account).await?;
    let mut brought = Brought { by: author.name.clone(), ..Brought::default() };
    let mut left = HashSet::new();
    for Record { id, ahead, sealed } in records {
        let Some(bytes) = unseal(&key, &format!("record:{id}"), &sealed) else {
            brought.lost += 1;
            continue;
        };
        // What the phone's clock of then would say now.
        let sent_at = ahead.map(|ahead| app.means.now().as_millisecond().saturating_sub(ahead));
        match receive::receive(&app.db, &app.means, &author, id, &bytes, sent_at).await {
            Ok(outcome) => {
                brought.records += 1;
                match outcome {
                    Outcome::Receipt(receipt) if receipt.state == State::Accepted.code() => {}
                    Outcome::Receipt(_) => brought.held += 1,
                    Outcome::Disputed { .. } => brought.disputed += 1,
                }
            }
            Err(Error::Forbidden) => brought.lost += 1,
            Err(error) => {
                tracing::warn!(?error, "a record of a file could not be taken in");
                left.insert(id);
            }
        }
    }
    brought.left = left.len();
    for Photo { id, record, sealed } in photos {
        if left.contains(&record) {
            brought.left += 1;
            continue;
        }
        let Some(bytes) = unseal(&key, &format!("photo:{id}"), &sealed) else {
            brought.lost += 1;
            continue;
        };
        match receive::attach(&app.db, &app.means, &author, record, id, bytes.into()).await {
            Ok(()) => brought.photos += 1,
            Err(Error::NotFound | Error::Refused(_) | Error::Stale(_) | Error::TooLarge(_)) => brought.lost += 1,
            Err(error) => {
                tracing::warn!(?error, "a photo of a file could not be taken in");
                brought.left += 1;
            }
        }
    }
    let mut tx = app.db.begin().await?;
    let words = format!("{} 条记录，{} 张照片", brought.records, brought.photos);
    audit::record(&mut tx, act, "bring", ("offline_export", account), &words, &[]).await?;
    tx.commit().await?;
    Ok(brought)
}

/// The file, and the data key of its phone.
fn open(keys: &Keys, tenant: Uuid, file: &[u8]) -> Option<(File, Aes256Gcm)> {
    let file: File = serde_json::from_slice(file).ok()?;
    if file.v != 1 {
        return None;
    }
    let Escrow { epk, iv, ciphertext } = &file.escrow;
    let (x, y) = (URL_SAFE_NO_PAD.decode(&epk.x).ok()?, URL_SAFE_NO_PAD.decode(&epk.y).ok()?);
    let theirs = PublicKey::from_sec1_bytes(&[&[4], x.as_slice(), &y].concat()).ok()?;
    let shared = diffie_hellman(secret(keys, tenant)?.to_nonzero_scalar(), theirs.as_affine());
    let mut wrapping = [0; 32];
    shared.extract::<Sha256>(None).expand(PURPOSE, &mut wrapping).ok()?;
    let iv: [u8; 12] = STANDARD.decode(iv).ok()?.try_into().ok()?;
    let sealed = STANDARD.decode(ciphertext).ok()?;
    let plain = Aes256Gcm::new(&wrapping.into()).decrypt(&Nonce::from(iv), sealed.as_slice()).ok()?;
    let (key, said) = plain.split_first_chunk::<32>()?;
    // Whoever could time this comparison would have to bring a file for each guess to the desk.
    (said == token(keys, tenant, file.account)).then(|| Aes256Gcm::new(key.into())).map(|key| (file, key))
}

/// What a phone keeps in a place: twelve bytes of nonce, and the content bound to the place.
fn unseal(key: &Aes256Gcm, place: &str, sealed: &str) -> Option<Vec<u8>> {
    let sealed = STANDARD.decode(sealed).ok()?;
    let (iv, content) = sealed.split_first_chunk::<12>()?;
    key.decrypt(&Nonce::from(*iv), Payload { msg: content, aad: place.as_bytes() }).ok()
}
