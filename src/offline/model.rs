use db::text_enum;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

text_enum! {
    /// How a record that arrived stands.
    pub enum State {
        Accepted = "accepted" "已登记",
        Held = "held" "待核对",
        Dismissed = "dismissed" "不再登记",
    }

    /// What somebody says about a second content under one id.
    pub enum Ruling {
        First = "first" "以先到的为准",
        Both = "both" "两条都登记",
    }
}

/// A record as its phone wrote it down.
#[derive(Debug, Clone)]
pub struct Sent {
    pub id: Uuid,
    pub kind: String,
    pub account: Uuid,
    /// By the clock of the server.
    pub made_at: Timestamp,
    pub body: Value,
}

#[derive(Deserialize)]
struct Envelope {
    kind: String,
    account: Uuid,
    #[serde(default)]
    made_at: i64,
    body: Value,
}

impl Sent {
    /// Reads the bytes of a record. `sent_at` is the phone's clock while it sends, by which its other moments are set right.
    ///
    /// Errors: what is wrong, in a sentence for whoever has to look at it.
    pub fn read(id: Uuid, bytes: &[u8], sent_at: Option<i64>, now: Timestamp) -> Result<Sent, String> {
        let envelope: Envelope =
            serde_json::from_slice(bytes).map_err(|_| "手机发来的内容读不懂，可能没有写完整".to_owned())?;
        let Envelope { mut kind, account, made_at, mut body } = envelope;
        kind.retain(of_a_text);
        clean(&mut body);
        Ok(Sent { id, kind, account, made_at: set_right(made_at, sent_at, now), body })
    }
}

/// A moment of a phone whose clock may be wrong, by the clock of the server. Small differences are the time that sending
/// takes. Nothing was made later than now.
fn set_right(made_at: i64, sent_at: Option<i64>, now: Timestamp) -> Timestamp {
    const SENDING: SignedDuration = SignedDuration::from_mins(2);
    let (Ok(made), Ok(sent)) =
        (Timestamp::from_millisecond(made_at), Timestamp::from_millisecond(sent_at.unwrap_or(now.as_millisecond())))
    else {
        return now;
    };
    let wrong = now.duration_since(sent);
    let made = if wrong.abs() > SENDING { made.checked_add(wrong).unwrap_or(now) } else { made };
    // Nobody was without signal for years; a clock that was set back to its first day says nothing.
    let earliest = now - SignedDuration::from_hours(24 * 400);
    if made > now || made < earliest { now } else { made }
}

/// Whether a text of a person has such a character. A database may refuse the others.
fn of_a_text(c: char) -> bool {
    c == '\n' || c == '\t' || !c.is_control()
}

/// Takes out the characters that no text has.
fn clean(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(of_a_text),
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::Object(fields) => fields.values_mut().for_each(clean),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_764_000_000_000;

    fn right(made_at: i64, sent_at: Option<i64>) -> i64 {
        set_right(made_at, sent_at, Timestamp::from_millisecond(NOW).unwrap()).as_millisecond() - NOW
    }

    #[test]
    fn a_wrong_clock_is_set_right_and_a_right_one_left_alone() {
        let hour = 3_600_000;
        assert_eq!(right(NOW - hour, Some(NOW - 500)), -hour);
        assert_eq!(right(NOW - 9 * hour, Some(NOW - 8 * hour)), -hour, "eight hours behind");
        assert_eq!(right(NOW + 2 * hour, Some(NOW + 3 * hour)), -hour, "three hours ahead");
        assert_eq!(right(NOW + hour, None), 0, "nothing was made later than now");
        assert_eq!(right(0, Some(0)), 0, "a clock without a battery");
        assert_eq!(right(i64::MAX, Some(i64::MIN)), 0);
    }

    #[test]
    fn a_text_keeps_its_lines_and_loses_what_nobody_wrote() {
        let bytes = r#"{"kind":"visit\u0000","account":"00000000-0000-0000-0000-000000000001","made_at":1,
            "body":{"note":"一\u0000二\n三","list":["\u0007"]}}"#;
        let now = Timestamp::from_millisecond(NOW).unwrap();
        let sent = Sent::read(Uuid::nil(), bytes.as_bytes(), None, now).unwrap();
        assert_eq!(sent.kind, "visit");
        assert_eq!(sent.body["note"], "一二\n三");
        assert_eq!(sent.body["list"][0], "");
        assert!(Sent::read(Uuid::nil(), b"{\"kind\":1}", None, now).is_err());
    }
}
