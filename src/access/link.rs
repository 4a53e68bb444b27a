use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::keys::Keys;
use crate::means::Means;

/// A secret that leads to one row of one tenant: a session's cookie, an invitation, a reporter's rating link.
/// The row keeps only the hash of the secret. Written as 64 characters that are safe in a URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    pub tenant: Uuid,
    pub id: Uuid,
    secret: [u8; 16],
}

impl Link {
    pub fn new(tenant: Uuid, means: &Means) -> Link {
        Link { tenant, id: means.id(), secret: means.chance.bytes() }
    }

    /// A link that can be written again at any time: its secret follows from the row and the keys, so nothing is kept.
    pub fn signed(tenant: Uuid, id: Uuid, purpose: &str, keys: &Keys) -> Link {
        let signature = keys.sign(purpose, &[tenant.as_bytes().as_slice(), id.as_bytes()].concat());
        let mut secret = [0; 16];
        secret.copy_from_slice(&signature[..16]);
        Link { tenant, id, secret }
    }

    /// Whether this is the signed link of its row.
    pub fn is_signed(&self, purpose: &str, keys: &Keys) -> bool {
        self.matches(&Link::signed(self.tenant, self.id, purpose, keys).hash())
    }

    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret).to_vec()
    }

    /// Hashes are compared, so how long it takes says nothing about the secret.
    pub fn matches(&self, hash: &[u8]) -> bool {
        self.hash() == hash
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.tenant.as_bytes().as_slice(), self.id.as_bytes(), &self.secret].concat();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// A link is a secret, so debug output names only the row.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.id)
    }
}

impl FromStr for Link {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bytes: [u8; 48] = URL_SAFE_NO_PAD.decode(text).map_err(drop)?.try_into().map_err(drop)?;
        let part = |at: usize| bytes[at..at + 16].try_into().unwrap_or_default();
        Ok(Link { tenant: Uuid::from_bytes(part(0)), id: Uuid::from_bytes(part(16)), secret: part(32) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::means::{Chance, Clock};

    #[test]
    fn reads_back_what_it_writes_and_hides_its_secret() {
        let chance = Chance::seeded(3);
        let keys = Arc::new(Keys::generate(&chance));
        let link = Link::new(Uuid::max(), &Means { clock: Clock::System, chance, keys });
        let text = link.to_string();
        assert_eq!(text.len(), 64);
        assert!(text.parse::<Link>().is_ok_and(|read| read == link && read.matches(&link.hash())));
        assert!(!format!("{link:?}").contains(&text[44..]));
        assert!("x".parse::<Link>().is_err());
    }
}
