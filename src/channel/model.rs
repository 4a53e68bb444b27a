//! The rules of telling people: where a message may go, how much and how often a service takes, when people are left alone, and
//! how long to wait after a failure.

use codes::Phone;
use db::text_enum;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;
use url::Url;
use uuid::Uuid;

use crate::outbox::http::{is_named, safe_url};
use crate::settings::Setting;

text_enum! {
    pub enum Kind {
        Wecom = "wecom" "企业微信机器人",
        Dingtalk = "dingtalk" "钉钉机器人",
        Feishu = "feishu" "飞书机器人",
        Mail = "mail" "邮件",
        Sms = "sms" "短信",
        Hook = "hook" "程序接收地址（Webhook）",
    }
    /// How a delivery stands.
    pub enum State {
        Waiting = "waiting" "等发送",
        Sending = "sending" "正在发",
        Sent = "sent" "已送达",
        Dead = "dead" "发不出去",
        GivenUp = "given_up" "已放弃",
    }
    /// What is told of a subject.
    pub enum Occasion { Announcement = "announcement" "通知", Change = "change" "改期", Cancellation = "cancellation" "取消", Reminder = "reminder" "办理时限", Trial = "trial" "试发", Event = "event" "事件" }
}

/// Whose notices a channel gets, or whose a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Community,
    Estate(Uuid),
    /// Of its members alone.
    Party(Uuid),
}

impl Place {
    pub fn of(estate: Option<Uuid>, organisation: Option<Uuid>) -> Place {
        match (organisation, estate) {
            (Some(id), _) => Place::Party(id),
            (None, Some(id)) => Place::Estate(id),
            (None, None) => Place::Community,
        }
    }

    pub fn estate(self) -> Option<Uuid> {
        if let Place::Estate(id) = self { Some(id) } else { None }
    }

    pub fn organisation(self) -> Option<Uuid> {
        if let Place::Party(id) = self { Some(id) } else { None }
    }
}

// ---------- addresses ----------

impl Kind {
    pub fn is_robot(self) -> bool {
        !matches!(self, Kind::Mail | Kind::Sms)
    }

    /// Whether its messages can be signed.
    pub fn signs(self) -> bool {
        matches!(self, Kind::Dingtalk | Kind::Feishu | Kind::Hook)
    }

    const fn host(self) -> &'static str {
        match self {
            Kind::Wecom => "qyapi.weixin.qq.com",
            Kind::Dingtalk => "oapi.dingtalk.com",
            Kind::Feishu => "open.feishu.cn",
            Kind::Mail | Kind::Sms | Kind::Hook => "",
        }
    }

    /// Path and query are those of a robot and nothing else that the host may offer.
    fn is_path_of(self, url: &Url) -> bool {
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let only = |name: &str| query.len() == 1 && query[0].0 == name && !query[0].1.is_empty();
        match self {
            Kind::Wecom => url.path() == "/cgi-bin/webhook/send" && only("key"),
            Kind::Dingtalk => url.path() == "/robot/send" && only("access_token"),
            Kind::Feishu => {
                let token = url.path().strip_prefix("/open-apis/bot/v2/hook/").unwrap_or_default();
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
                !token.is_empty() && token.chars().all(plain) && query.is_empty()
            }
            Kind::Hook => true,
            Kind::Mail | Kind::Sms => false,
        }
    }
}

/// The address of a robot, if messages may go there: to the service's own host by https, or to a `host:port` that whoever runs the
/// program has named; http is for this machine alone.
///
/// Errors: a sentence that says what is wrong, without the address.
pub fn robot_address(kind: Kind, text: &str, also: &[String]) -> Result<Url, &'static str> {
    let url = safe_url(text)?;
    let official = url.scheme() == "https" && url.port().is_none() && url.host_str() == Some(kind.host());
    if !official && !is_named(&url, also) {
        if kind == Kind::Hook {
            return Err("这个主机还没有允许。请先由运行本系统的人加进允许的主机");
        }
        return Err("这不是这种机器人的官方网址。私有部署的地址，请先由运行本系统的人加进允许的主机");
    }
    if kind.is_path_of(&url) { Ok(url) } else { Err("网址不完整，请从机器人的设置里整段复制") }
}

/// Mail addresses, one a line or with commas between, each once.
///
/// Errors: a sentence that says what is wrong.
pub fn mail_addresses(text: &str) -> Result<Vec<String>, String> {
    several(text, "邮箱", |address| {
        let right = address.is_ascii() && address.parse::<lettre::Address>().is_ok();
        right.then(|| address.to_owned())
    })
}

/// Mobile numbers, written like mail addresses.
///
/// Errors: a sentence that says what is wrong.
pub fn mobile_numbers(text: &str) -> Result<Vec<String>, String> {
    several(text, "手机号", |number| {
        let phone = Phone::parse(number).ok().filter(Phone::is_mobile)?;
        Some(phone.as_str().to_owned())
    })
}

/// More recipients of one message than this are refused by mail servers (RFC 5321, 4.5.3.1.8).
const MOST: usize = 100;

fn several(text: &str, noun: &str, read: impl Fn(&str) -> Option<String>) -> Result<Vec<String>, String> {
    let parts = text.split([',', '，', ';', '；', '、']).flat_map(str::split_whitespace);
    let mut known = Vec::new();
    for (part, number) in parts.zip(1..) {
        let one = read(part).ok_or_else(|| format!("第 {number} 个{noun}不对，请一行写一个"))?;
        if !known.contains(&one) {
            known.push(one);
        }
    }
    match known.len() {
        0 => Err(format!("请填写{noun}，一行一个")),
        1..=MOST => Ok(known),
        _ => Err(format!("一个渠道最多 {MOST} 个{noun}，请分开登记")),
    }
}

// ---------- sizes and rates ----------

/// How much and how often each kind takes.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Rates {
    pub wecom: Limits,
    pub dingtalk: Limits,
    pub feishu: Limits,
    pub mail: Limits,
    pub sms: Limits,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Limits {
    /// Of 企业微信 and 短信 the text's, of the others the whole message's.
    pub bytes: i64,
    pub per_minute: i64,
    pub per_second: i64,
}

impl Setting for Rates {
    const NAME: &'static str = "channel.limits";
}

impl Rates {
    /// None of a hook, which has rules of its own.
    pub fn of(&self, kind: Kind) -> Option<Limits> {
        Some(match kind {
            Kind::Wecom => self.wecom,
            Kind::Dingtalk => self.dingtalk,
            Kind::Feishu => self.feishu,
            Kind::Mail => self.mail,
            Kind::Sms => self.sms,
            Kind::Hook => return None,
        })
    }
}

/// Beside the text a message holds its kind, a timestamp and a signature.
const AROUND: usize = 512;

/// What counts against the limit of a kind, in bytes.
fn size(kind: Kind, text: &str) -> usize {
    match kind {
        Kind::Wecom | Kind::Sms => text.len(),
        _ => serde_json::to_string(text).map_or(usize::MAX, |quoted| quoted.len() + AROUND),
    }
}

/// The text as a channel takes it, but for a hook, whose texts are JSON: what is too long in bytes ends with a line and says where the rest can be read.
pub fn fitted(kind: Kind, text: &str, limit: i64, link: &str) -> String {
    let limit = usize::try_from(limit).unwrap_or_default();
    let fits = |text: &str| size(kind, text) <= limit;
    if kind == Kind::Hook || fits(text) {
        return text.to_owned();
    }
    let rest = if link.is_empty() {
        "（太长，没有写完）".to_owned()
    } else {
        format!("（太长，全文见 {link} ）")
    };
    let lines: Vec<&str> = text.lines().collect();
    let shorter = (1..lines.len()).rev().map(|kept| format!("{}\n{rest}", lines[..kept].join("\n")));
    let within = text.char_indices().rev().map(|(end, _)| format!("{}…\n{rest}", &text[..end]));
    shorter.chain(within).find(|text| fits(text)).unwrap_or(rest)
}

/// A bucket of as many tokens as may be used in a minute; each comes back a minute after it was taken, so that no minute has more
/// of them, however the service counts. It holds the moments at which they were taken, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bucket(pub Vec<i64>);

/// A message may be longer on its way than the next one.
const ON_THE_WAY: i64 = 500;

impl Bucket {
    /// When the next token can be taken.
    pub fn ready_at(&self, limits: Limits, now: Timestamp) -> Timestamp {
        let back = |span: i64, most: i64| {
            let most = usize::try_from(most).unwrap_or(1).max(1);
            let first = self.0.len().checked_sub(most).and_then(|at| self.0.get(at));
            first.map_or(i64::MIN, |taken| taken + span + ON_THE_WAY)
        };
        let ready = back(60_000, limits.per_minute).max(back(1000, limits.per_second));
        Timestamp::from_millisecond(ready).map_or(now, |ready| ready.max(now))
    }

    pub fn take(&mut self, now: Timestamp) {
        let now = now.as_millisecond();
        self.0.retain(|taken| *taken > now - 60_000 - ON_THE_WAY);
        self.0.push(now);
    }
}

// ---------- when ----------

/// How long somebody is waited for, when people are left alone, and when to give up.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Sending {
    /// By the clock of Shanghai; the same hour twice means never.
    pub quiet_from_hour: i64,
    pub quiet_until_hour: i64,
    /// A delivery that failed so often waits for somebody.
    pub tries: i64,
    pub first_wait_seconds: i64,
    pub longest_wait_minutes: i64,
    /// After a service has said that it was too often.
    pub pause_seconds: i64,
    pub answer_seconds: i64,
    /// What has been delivered or given up is kept so long.
    pub keep_days: i64,
}

impl Setting for Sending {
    const NAME: &'static str = "channel.sending";
}

/// Whoever is told less than that beforehand can hardly come.
const TO_GET_READY: SignedDuration = SignedDuration::from_hours(1);

impl Sending {
    /// If people are left alone now: until when.
    pub fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        let (from, until) = (self.quiet_from_hour.rem_euclid(24), self.quiet_until_hour.rem_euclid(24));
        let local = now.to_zoned_datetime(calendar::shanghai());
        let hour = i64::from(local.hour());
        let quiet = if from <= until { (from..until).contains(&hour) } else { hour >= from || hour < until };
        if !quiet {
            return None;
        }
        let day = if hour < until { local.date() } else { local.date().checked_add(1.day()).ok()? };
        let end = day.at(i8::try_from(until).ok()?, 0, 0, 0).to_zoned_datetime(calendar::shanghai()).ok()?;
        Some(end.timestamp())
    }

    /// Whether a notice of something that happens at a moment goes out at night: if it would be over, or about to begin, when
    /// people may be told.
    pub fn is_urgent(&self, happens_at: Timestamp, now: Timestamp) -> bool {
        self.quiet_until(now).is_some_and(|end| happens_at <= end + TO_GET_READY)
    }

    /// How long to wait after so many failures: twice as long each time, between half of that and all of it by chance, so that
    /// those who failed together do not come back together.
    pub fn wait(&self, failures: i64, chance: u32) -> SignedDuration {
        let doubled = u32::try_from(failures.clamp(1, 30) - 1).unwrap_or_default();
        let longest = self.longest_wait_minutes.saturating_mul(60_000);
        let whole = self.first_wait_seconds.saturating_mul(1000).saturating_mul(1 << doubled).clamp(1, longest.max(1));
        let half = whole / 2;
        SignedDuration::from_millis(half + (whole - half) * i64::from(chance >> 1) / i64::from(u32::MAX >> 1))
    }

    /// So long a sender has a channel to itself; an answer that takes longer is not waited for.
    pub fn lease(&self) -> SignedDuration {
        SignedDuration::from_secs(self.answer_seconds.saturating_mul(3))
    }
}

/// What stands at the head of a message that may have arrived before.
pub const MAYBE_AGAIN: &str = "（可能重复）";

/// What may be shown of a robot's address: its end.
pub fn hint(kind: Kind, address: &str) -> String {
    if !kind.is_robot() {
        let noun = if kind == Kind::Mail { "邮箱" } else { "手机号" };
        return format!("{} 个{noun}", address.lines().count());
    }
    let end: Vec<char> = address.trim().chars().rev().take(4).collect();
    format!("尾号 {}", end.into_iter().rev().collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::by_default;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn messages_go_to_the_service_itself_or_where_somebody_allowed_it() {
        let own = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6";
        assert!(robot_address(Kind::Wecom, &format!(" {own}\n"), &[]).is_ok());
        assert!(robot_address(Kind::Dingtalk, "https://oapi.dingtalk.com/robot/send?access_token=ab", &[]).is_ok());
        assert!(robot_address(Kind::Feishu, "https://open.feishu.cn/open-apis/bot/v2/hook/a-1", &[]).is_ok());
        let of_wecom = |rest: &str| format!("{rest}/cgi-bin/webhook/send?key=1");
        for wrong in [
            "https://qyapi.weixin.qq.com.evil.example",
            "https://evil.example",
            "http://qyapi.weixin.qq.com",
            "https://qyapi.weixin.qq.com:8443",
            "https://somebody@qyapi.weixin.qq.com",
            "https://qyapi.weixin.qq.com@evil.example",
            "https://169.254.169.254",
            "https://[::1]",
            "http://127.0.0.1:8080",
            "ftp://qyapi.weixin.qq.com",
        ] {
            assert!(robot_address(Kind::Wecom, &of_wecom(wrong), &[]).is_err(), "{wrong}");
        }
        for wrong in [
            "https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpid=1",
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1&key=2",
            "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1#x",
        ] {
            assert!(robot_address(Kind::Wecom, wrong, &[]).is_err(), "{wrong}");
        }
        assert!(robot_address(Kind::Dingtalk, own, &[]).is_err());
        let also = ["127.0.0.1:8080".to_owned(), "Robots.example".to_owned(), "robots.example:8443".to_owned()];
        for right in ["http://127.0.0.1:8080", "https://robots.example", "https://robots.example:8443"] {
            assert!(robot_address(Kind::Wecom, &of_wecom(right), &also).is_ok(), "{right}");
        }
        for wrong in ["http://127.0.0.1:8081", "http://robots.example", "https://robots.example:444"] {
            assert!(robot_address(Kind::Wecom, &of_wecom(wrong), &also).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_and_numbers_are_one_a_line() {
        let three = ["a", "b", "c"].map(|name| format!("{name}@example.org"));
        assert_eq!(mail_addresses("a@example.org\n b@example.org，c@example.org a@example.org"), Ok(three.to_vec()));
        for wrong in ["", "a", "a@example.org\nb", "张@例子"] {
            assert!(mail_addresses(wrong).is_err(), "{wrong}");
        }
        let two = ["13800001234", "13900001234"].map(str::to_owned);
        assert_eq!(mobile_numbers("138-0000-1234\n+8613900001234、１３８００００１２３４"), Ok(two.to_vec()));
        assert_eq!(mobile_numbers("13800001234 0358-0001021"), Err("第 2 个手机号不对，请一行写一个".to_owned()));
        let many: String = (0..=MOST).map(|n| format!("1380000{n:04}\n")).collect();
        assert!(mobile_numbers(&many).unwrap_err().contains("最多 100 个"));
    }

    #[test]
    fn the_night_ends_at_eight_and_only_what_cannot_wait_for_it_is_urgent() {
        let sending: Sending = by_default().unwrap();
        let eight = at("2026-11-24T08:00:00+08:00");
        for quiet in ["2026-11-23T22:00:00+08:00", "2026-11-24T00:30:00+08:00", "2026-11-24T07:59:59+08:00"] {
            assert_eq!(sending.quiet_until(at(quiet)), Some(eight), "{quiet}");
        }
        for loud in ["2026-11-23T21:59:59+08:00", "2026-11-24T08:00:00+08:00"] {
            assert_eq!(sending.quiet_until(at(loud)), None, "{loud}");
        }
        let never = Sending { quiet_from_hour: 8, quiet_until_hour: 8, ..sending };
        assert_eq!(never.quiet_until(at("2026-11-24T08:30:00+08:00")), None);
        let noon = Sending { quiet_from_hour: 12, quiet_until_hour: 14, ..sending };
        assert_eq!(noon.quiet_until(at("2026-11-24T13:00:00+08:00")), Some(at("2026-11-24T14:00:00+08:00")));
        let evening = at("2026-11-23T22:30:00+08:00");
        assert!(sending.is_urgent(at("2026-11-23T23:30:00+08:00"), evening));
        assert!(sending.is_urgent(at("2026-11-24T07:30:00+08:00"), evening), "it would be over");
        assert!(sending.is_urgent(at("2026-11-24T09:00:00+08:00"), evening), "an hour is left");
        assert!(!sending.is_urgent(at("2026-11-24T09:30:00+08:00"), evening));
        assert!(!sending.is_urgent(at("2026-11-24T19:00:00+08:00"), at("2026-11-24T00:10:00+08:00")));
    }

    #[test]
    fn the_end_of_an_address_is_all_that_is_shown() {
        assert_eq!(hint(Kind::Wecom, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=secret-a1b2"), "尾号 a1b2");
        assert_eq!(hint(Kind::Mail, "a@example.org\nb@example.org"), "2 个邮箱");
    }

    #[test]
    fn a_text_is_cut_at_a_line() {
        let text = format!("第一行\n{}\n第三行", "二".repeat(20));
        assert_eq!(fitted(Kind::Wecom, &text, 2048, "https://e.org/1"), text);
        assert_eq!(fitted(Kind::Wecom, &text, 60, "https://e.org/1"), "第一行\n（太长，全文见 https://e.org/1 ）");
    }

    proptest! {
        #[test]
        fn what_is_cut_fits_and_says_where_the_rest_is(text in "[一-龥a-z\n\"🙂]{0,1200}", limit in 700i64..3000) {
            for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Hook) {
                let cut = fitted(*kind, &text, limit, "https://example.org/m");
                prop_assert!(size(*kind, &cut) <= limit as usize);
                prop_assert!(cut == text || cut.ends_with("（太长，全文见 https://example.org/m ）"));
            }
        }

        #[test]
        fn no_minute_and_no_second_has_more_than_its_tokens(pauses in prop::collection::vec(0i64..4000, 1..300), per_minute in 1i64..120, per_second in 1i64..8) {
            let limits = Limits { bytes: 0, per_minute, per_second };
            let (mut bucket, mut taken) = (Bucket::default(), Vec::new());
            let mut now = at("2026-11-23T09:00:00Z");
            for pause in pauses {
                now += SignedDuration::from_millis(pause);
                let ready = bucket.ready_at(limits, now);
                prop_assert!(ready >= now);
                now = ready;
                prop_assert_eq!(bucket.ready_at(limits, now), now);
                bucket.take(now);
                taken.push(now.as_millisecond());
            }
            for (span, most) in [(60_000, per_minute), (1000, per_second)] {
                for end in &taken {
                    let inside = taken.iter().filter(|at| **at > end - span && *at <= end).count();
                    prop_assert!(inside as i64 <= most);
                }
            }
        }

        #[test]
        fn waits_grow_and_have_an_end(failures in 1i64..2000, chance: u32) {
            let sending: Sending = by_default().unwrap();
            let wait = sending.wait(failures, chance).as_millis() as i64;
            let whole = (sending.first_wait_seconds * 1000).saturating_mul(1 << (failures.min(30) - 1)).min(sending.longest_wait_minutes * 60_000);
            prop_assert!(wait >= whole / 2 && wait <= whole);
        }
    }
}
