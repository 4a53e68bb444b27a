//! What an operation draws on besides the database: time, chance and keys. All three are handed in,
//! so that a test can hold the clock still and get the same codes twice.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use crate::keys::Keys;

#[derive(Clone)]
pub struct Means {
    pub clock: Clock,
    pub chance: Chance,
    pub keys: Arc<Keys>,
}

impl Means {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new identifier: UUID v7, ordered by the clock's time.
    pub fn id(&self) -> Uuid {
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.chance.bytes()).into_uuid()
    }
}

/// The time: the system's, or one that a test sets.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    Set(Arc<AtomicI64>),
}

impl Clock {
    pub fn at(moment: Timestamp) -> Clock {
        Clock::Set(Arc::new(AtomicI64::new(moment.as_millisecond())))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::now(),
            Clock::Set(millis) => {
                Timestamp::from_millisecond(millis.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        }
    }

    /// Moves a set clock; the system's clock stays as it is.
    pub fn set(&self, moment: Timestamp) {
        if let Clock::Set(millis) = self {
            millis.store(moment.as_millisecond(), Ordering::SeqCst);
        }
    }
}

/// Randomness: the system's, or a stream that a seed decides.
#[derive(Clone)]
pub enum Chance {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Chance {
    pub fn seeded(seed: u64) -> Chance {
        Chance::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Chance::System => rand::rng().fill_bytes(&mut bytes),
            Chance::Seeded(source) => source.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes),
        }
        bytes
    }

    /// `letters` characters of Crockford's base32 (no I, L, O, U), five random bits each.
    pub fn code(&self, letters: usize) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        (0..letters).map(|_| char::from(ALPHABET[usize::from(self.bytes::<1>()[0] & 31)])).collect()
    }
}
