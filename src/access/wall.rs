//! The code on the wall, by which people sign in who are there. It is another one after a while, so that a picture of it that is passed on is of
//! no use; whoever has scanned it gets a ticket for the form and may take their time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use uuid::Uuid;

use crate::keys::Keys;

/// What may be scanned at one place, and for how long.
pub struct Wall<'a> {
    /// What people sign in to; no code of one kind is good for another.
    pub kind: &'static str,
    pub tenant: Uuid,
    /// The meeting or whatever else they come to.
    pub of: Uuid,
    /// So long the code stays the same.
    pub code_seconds: i64,
    /// So long whoever has scanned it may take.
    pub form_minutes: i64,
    pub keys: &'a Keys,
}

impl Wall<'_> {
    /// The code that is on the wall at a moment.
    pub fn code_at(&self, at: Timestamp) -> String {
        self.code(self.step(at))
    }

    /// Whether a code is on the wall now, or was a moment ago, when somebody lifted their phone.
    pub fn shows(&self, code: &str, at: Timestamp) -> bool {
        let step = self.step(at);
        [step, step - 1].iter().any(|step| self.code(*step) == code)
    }

    /// What the form of somebody who has scanned the code carries along.
    pub fn ticket(&self, at: Timestamp) -> String {
        format!("{}.{}", at.as_second(), self.signature("ticket", at.as_second()))
    }

    /// Whether a ticket was given out here, and not too long ago.
    pub fn accepts(&self, ticket: &str, at: Timestamp) -> bool {
        let Some((given, signature)) = ticket.split_once('.') else { return false };
        let Ok(given) = given.parse::<i64>() else { return false };
        let age = at.as_second().saturating_sub(given);
        (0..=self.form_minutes * 60).contains(&age) && self.signature("ticket", given) == signature
    }

    fn step(&self, at: Timestamp) -> i64 {
        at.as_second() / self.code_seconds.max(1)
    }

    fn code(&self, step: i64) -> String {
        self.signature("code", step)
    }

    /// 12 characters, 72 bits.
    fn signature(&self, what: &str, moment: i64) -> String {
        let message = [self.tenant.as_bytes().as_slice(), self.of.as_bytes(), &moment.to_be_bytes()].concat();
        URL_SAFE_NO_PAD.encode(&self.keys.sign(&format!("{} {what}", self.kind), &message)[..9])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::means::Chance;

    #[test]
    fn a_code_is_good_for_its_time_and_the_next_and_a_ticket_for_its_minutes() {
        let keys = Keys::generate(&Chance::seeded(5));
        let wall = |kind, of| Wall { kind, tenant: Uuid::max(), of, code_seconds: 30, form_minutes: 10, keys: &keys };
        let (here, there, other) =
            (wall("meeting", Uuid::nil()), wall("meeting", Uuid::max()), wall("volunteer", Uuid::nil()));
        let at = |second: i64| Timestamp::from_second(1_764_000_000 + second).unwrap();
        let code = here.code_at(at(0));
        for (second, good) in [(-1, false), (0, true), (29, true), (30, true), (59, true), (60, false)] {
            assert_eq!(here.shows(&code, at(second)), good, "{second} s");
        }
        assert!(!there.shows(&code, at(0)) && !other.shows(&code, at(0)));
        let ticket = here.ticket(at(0));
        for (second, good) in [(-1, false), (0, true), (600, true), (601, false)] {
            assert_eq!(here.accepts(&ticket, at(second)), good, "{second} s");
        }
        assert!(!there.accepts(&ticket, at(0)) && !other.accepts(&ticket, at(0)));
        assert!(!here.accepts(&code, at(0)) && !here.accepts("x.y", at(0)));
        assert!(!here.accepts(&ticket.replacen("176", "177", 1), at(10_000_000)));
    }
}
