//! The code on the wall, by which people sign in. It is another one every half-minute, so that a picture of it that is passed
//! on is of no use; whoever has scanned it gets a ticket for the form and may take their time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::model::SignIn;
use crate::access::Link;
use crate::error::Result;
use crate::keys::Keys;
use crate::means::Means;
use crate::settings;

/// What the link on the wall is for.
pub(super) const SIGN_IN: &str = "meeting sign-in";

/// What may be scanned at a meeting, and for how long.
pub(super) struct Wall<'a> {
    pub tenant: Uuid,
    pub meeting: Uuid,
    pub rules: SignIn,
    pub keys: &'a Keys,
}

/// Where the code leads that is on the wall now, as a path of this site.
pub async fn on_the_wall(tx: &mut Tx, tenant: Uuid, meeting: Uuid, means: &Means) -> Result<String> {
    let rules: SignIn = settings::read(tx, tenant, means.now()).await?;
    Ok(Wall { tenant, meeting, rules, keys: &means.keys }.path(means.now()))
}

impl Wall<'_> {
    /// Where the code leads, as a path of this site.
    pub fn path(&self, at: Timestamp) -> String {
        let link = Link::signed(self.tenant, self.meeting, SIGN_IN, self.keys);
        format!("/sign-in/{link}/{}", self.code(self.step(at)))
    }

    /// Whether a code is on the wall now, or was a moment ago, when somebody lifted their phone.
    pub fn shows(&self, code: &str, at: Timestamp) -> bool {
        let step = self.step(at);
        [step, step - 1].iter().any(|step| self.code(*step) == code)
    }

    /// What the form of somebody who has scanned the code carries along.
    pub fn ticket(&self, at: Timestamp) -> String {
        format!("{}.{}", at.as_second(), self.signature("meeting ticket", at.as_second()))
    }

    /// Whether a ticket was given out at this meeting, and not too long ago.
    pub fn accepts(&self, ticket: &str, at: Timestamp) -> bool {
        let Some((given, signature)) = ticket.split_once('.') else { return false };
        let Ok(given) = given.parse::<i64>() else { return false };
        let age = at.as_second().saturating_sub(given);
        (0..=self.rules.form_minutes * 60).contains(&age) && self.signature("meeting ticket", given) == signature
    }

    fn step(&self, at: Timestamp) -> i64 {
        at.as_second() / self.rules.code_seconds.max(1)
    }

    fn code(&self, step: i64) -> String {
        self.signature("meeting code", step)
    }

    /// 12 characters, 72 bits.
    fn signature(&self, purpose: &str, moment: i64) -> String {
        let message = [self.tenant.as_bytes().as_slice(), self.meeting.as_bytes(), &moment.to_be_bytes()].concat();
        URL_SAFE_NO_PAD.encode(&self.keys.sign(purpose, &message)[..9])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::means::Chance;

    #[test]
    fn a_code_is_good_for_its_time_and_the_next_and_a_ticket_for_its_minutes() {
        let keys = Keys::generate(&Chance::seeded(5));
        let rules = SignIn { opens_minutes: 60, late_minutes: 5, code_seconds: 30, form_minutes: 10 };
        let wall = |meeting| Wall { tenant: Uuid::max(), meeting, rules, keys: &keys };
        let (here, there) = (wall(Uuid::nil()), wall(Uuid::max()));
        let at = |second: i64| Timestamp::from_second(1_764_000_000 + second).unwrap();
        let path = here.path(at(0));
        let code = path.rsplit('/').next().unwrap();
        for (second, good) in [(-1, false), (0, true), (29, true), (30, true), (59, true), (60, false)] {
            assert_eq!(here.shows(code, at(second)), good, "{second} s");
        }
        assert!(!there.shows(code, at(0)));
        let ticket = here.ticket(at(0));
        for (second, good) in [(-1, false), (0, true), (600, true), (601, false)] {
            assert_eq!(here.accepts(&ticket, at(second)), good, "{second} s");
        }
        assert!(!there.accepts(&ticket, at(0)) && !here.accepts(code, at(0)) && !here.accepts("x.y", at(0)));
        assert!(!here.accepts(&ticket.replacen("176", "177", 1), at(10_000_000)));
    }
}
