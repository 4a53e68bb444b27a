//! The keys of the program: sealing of personal values, fingerprints for exact look-up, and signatures of links and forms.
//!
//! The key file has one key a line, `NAME ALGORITHM BASE64`. `lookup` makes fingerprints and signatures and never
//! changes; the numbered keys seal, and the last of them seals what is new, so that rotation is adding a line.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use db::{Db, Tx, record, statements};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::means::Chance;

/// The first byte of a sealed value. SM4-GCM can follow under another number.
const AES_256_GCM: u8 = 1;

pub struct Keys {
    lookup: [u8; 32],
    sealing: Vec<(u8, Aes256Gcm)>,
    file: String,
}

statements! {
    CHECKS = "SELECT key_id, sealed FROM key_checks";
    ADD_CHECK = "INSERT INTO key_checks (key_id, sealed) VALUES ($1, $2)";
}

record! {
    /// What a key leaves in a database that it has sealed something in.
    pub struct Mark { pub key_id: String, pub sealed: Vec<u8> }
}

const KNOWN: &[u8] = b"doorstep";

impl Keys {
    pub fn generate(chance: &Chance) -> Keys {
        let lookup: [u8; 32] = chance.bytes();
        let file = format!("lookup hmac-sha256 {}\n", STANDARD.encode(lookup));
        Keys { lookup, sealing: Vec::new(), file }.with_new_sealing_key(chance)
    }

    /// The same keys and one more, which seals from now on.
    pub fn with_new_sealing_key(mut self, chance: &Chance) -> Keys {
        let id = self.sealing.last().map_or(1, |(id, _)| id.saturating_add(1));
        let key: [u8; 32] = chance.bytes();
        self.file.push_str(&format!("{id} aes-256-gcm {}\n", STANDARD.encode(key)));
        self.sealing.push((id, Aes256Gcm::new(&key.into())));
        self
    }

    /// Reads a key file. It must be readable by its owner only. A credential of systemd belongs to root, and the service
    /// reads it by an access list, which shows as the rights of the group.
    pub fn load(path: &Path) -> anyhow::Result<Keys> {
        let mode = path.metadata().with_context(|| format!("读不到密钥文件 {}", path.display()))?.permissions().mode();
        let credential = std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| path.starts_with(folder));
        let of_others = if credential { 0o037 } else { 0o077 };
        ensure!(mode & of_others == 0, "密钥文件 {} 不能被其他用户读取，请执行 chmod 600", path.display());
        Keys::parse(std::fs::read_to_string(path)?)
    }

    fn parse(file: String) -> anyhow::Result<Keys> {
        let (mut lookup, mut sealing) = (None, Vec::new());
        for line in file.lines().filter(|line| !line.trim().is_empty()) {
            let [name, algorithm, key] = line.split_whitespace().collect::<Vec<_>>()[..] else {
                bail!("密钥文件里有一行不是“名称 算法 密钥”三部分");
            };
            let key: [u8; 32] = STANDARD.decode(key)?.try_into().ok().context("密钥长度不是 32 字节")?;
            match (name, algorithm) {
                ("lookup", "hmac-sha256") => lookup = Some(key),
                (id, "aes-256-gcm") => sealing.push((id.parse()?, Aes256Gcm::new(&key.into()))),
                _ => bail!("密钥文件里有不认识的算法 {algorithm}"),
            }
        }
        ensure!(!sealing.is_empty(), "密钥文件里没有加密密钥");
        Ok(Keys { lookup: lookup.context("密钥文件里没有 lookup 密钥")?, sealing, file })
    }

    /// Writes a new key file with mode 0600; an existing one is never overwritten.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(self.file.as_bytes())?;
        Ok(file.sync_all()?)
    }

    /// Encrypts a value for a tenant and a purpose; it opens only for the same two.
    pub fn seal(&self, chance: &Chance, tenant: Uuid, purpose: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let Some((id, key)) = self.sealing.last() else { return Err(sealing_failed()) };
        let nonce: [u8; 12] = chance.bytes();
        let aad = bound_to(tenant, purpose);
        let sealed =
            key.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: &aad }).map_err(|_| sealing_failed())?;
        Ok([&[AES_256_GCM, *id][..], &nonce, &sealed].concat())
    }

    pub fn open(&self, tenant: Uuid, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let [AES_256_GCM, id, rest @ ..] = sealed else { return Err(sealing_failed()) };
        let key = self.sealing.iter().find(|(known, _)| known == id).map(|(_, key)| key).ok_or_else(sealing_failed)?;
        let (nonce, sealed) = rest.split_first_chunk::<12>().ok_or_else(sealing_failed)?;
        let aad = bound_to(tenant, purpose);
        key.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: &aad }).map_err(|_| sealing_failed())
    }

    /// A keyed hash by which an equal value can be found without being stored in the clear.
    pub fn fingerprint(&self, tenant: Uuid, purpose: &str, value: &str) -> Vec<u8> {
        self.sign(purpose, &[tenant.as_bytes().as_slice(), value.as_bytes()].concat())
    }

    /// A signature that only this key file can make.
    pub fn sign(&self, purpose: &str, message: &[u8]) -> Vec<u8> {
        let derived = Sha256::new().chain_update(self.lookup).chain_update(purpose).finalize();
        let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&derived) else { return Vec::new() };
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }

    /// Refuses to work with a database that was written with other keys, and marks a new database with these.
    pub async fn check(&self, db: &Db, chance: &Chance) -> anyhow::Result<()> {
        let mut tx = db.begin().await?;
        let checks = self.check_in(&mut tx).await?;
        let current = self.sealing.last().map_or_else(String::new, |(id, _)| id.to_string());
        if !checks.contains(&current) {
            let known = [KNOWN, &self.lookup_mark()].concat();
            let sealed = self.seal(chance, Uuid::nil(), "key check", &known)?;
            tx.execute(ADD_CHECK.bind(current).bind(sealed)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Whether a database has been written with keys.
    pub async fn are_expected(tx: &mut Tx) -> anyhow::Result<bool> {
        Ok(!tx.all::<Mark>(CHECKS).await?.is_empty())
    }

    /// The ids of the keys with which a database was written.
    ///
    /// Errors: one of them is not in this file, or is another key of the same number.
    pub async fn check_in(&self, tx: &mut Tx) -> anyhow::Result<Vec<String>> {
        let checks: Vec<Mark> = tx.all(CHECKS).await?;
        self.check_marks(&checks)?;
        Ok(checks.into_iter().map(|check| check.key_id).collect())
    }

    /// Whether these are the keys that left the marks.
    pub fn check_marks(&self, marks: &[Mark]) -> anyhow::Result<()> {
        for mark in marks {
            let opened = self.open(Uuid::nil(), "key check", &mark.sealed);
            ensure!(
                opened.is_ok_and(|plain| plain == [KNOWN, &self.lookup_mark()].concat()),
                "密钥文件与数据库不符：数据库用过编号 {} 的密钥，这个文件里没有同一把。请换用原来的密钥文件，数据没有改动。",
                mark.key_id
            );
        }
        Ok(())
    }

    fn lookup_mark(&self) -> Vec<u8> {
        self.sign("key check", KNOWN)
    }
}

fn bound_to(tenant: Uuid, purpose: &str) -> Vec<u8> {
    [tenant.as_bytes().as_slice(), purpose.as_bytes()].concat()
}

fn sealing_failed() -> Error {
    Error::Internal(anyhow::anyhow!("a sealed value cannot be opened or made with these keys"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_for_the_same_tenant_purpose_and_key() {
        let chance = Chance::seeded(1);
        let (keys, tenant) = (Keys::generate(&chance), Uuid::max());
        let sealed = keys.seal(&chance, tenant, "phone", "13800001234".as_bytes()).unwrap();
        assert_eq!(keys.open(tenant, "phone", &sealed).unwrap(), b"13800001234");
        assert!(keys.open(Uuid::nil(), "phone", &sealed).is_err());
        assert!(keys.open(tenant, "note", &sealed).is_err());
        assert!(Keys::generate(&chance).open(tenant, "phone", &sealed).is_err());
        let rotated = keys.with_new_sealing_key(&chance);
        assert_eq!(rotated.open(tenant, "phone", &sealed).unwrap(), b"13800001234");
        assert_eq!(rotated.seal(&chance, tenant, "phone", b"1").unwrap()[1], 2);
    }

    #[test]
    fn a_key_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let keys = Keys::generate(&Chance::seeded(2));
        keys.save(&path).unwrap();
        assert!(keys.save(&path).is_err(), "an existing file stays");
        assert_eq!(Keys::load(&path).unwrap().file, keys.file);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Keys::load(&path).is_err());
    }
}
