//! What becomes of a child at a session, without a database or a clock. A child goes only with somebody whom its guardian lets fetch it, and
//! one who is left behind raises an alarm that does not stop until somebody answers, and comes again until the child has gone.

use db::text_enum;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::{Adult, Person};

text_enum! {
    pub enum Standing {
        Expected = "expected" "还没到",
        Here = "here" "到了",
        OnLeave = "on_leave" "请假",
        Absent = "absent" "没来，没请假",
        Released = "released" "接走了",
    }
    /// How it was right to let a child go.
    pub enum ReleaseWay {
        Listed = "listed" "名单上的人接走",
        Code = "code" "凭监护人的接送码接走",
        Alone = "alone" "自己走的",
        Emergency = "emergency" "紧急情况，两人放行",
    }
}

/// A member of staff or a volunteer of the rota. Somebody may have an account and a link: then the name is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeper {
    pub id: Uuid,
    pub name: String,
}

impl Keeper {
    fn is(&self, other: &Keeper) -> bool {
        self.id == other.id || self.name == other.name
    }
}

/// What the guardian has laid down, as it stands at the moment of release.
#[derive(Debug, Clone, Default)]
pub struct Authority {
    /// Those who may fetch the child and those who must not.
    pub adults: Vec<Adult>,
    /// The guardian agrees that the child leaves alone, and it is old enough today.
    pub alone: bool,
    /// The code that is good now, with the substitute for whom it was given.
    pub code: Option<(Uuid, Person)>,
}

/// Who stands at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    Listed(Uuid),
    /// The code that they say was found to be this one.
    Code {
        code: Uuid,
        person: Person,
    },
    Alone,
    /// Somebody says that they have to take the child at once; a member of staff asked for it before, and another one agrees now.
    Emergency {
        person: Person,
        asked_by: Keeper,
        asked_at: Timestamp,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub way: ReleaseWay,
    pub adult: Option<Uuid>,
    pub code: Option<Uuid>,
    /// Who was not on the list.
    pub person: Option<Person>,
    pub by: Keeper,
    pub second: Option<Keeper>,
    pub at: Timestamp,
}

/// How long what is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub late: SignedDuration,
    /// After the end until the alarm.
    pub alarm: SignedDuration,
    /// Until the alarm comes again where nobody answers.
    pub again: SignedDuration,
    /// Until it comes again after an answer, if the child is still here.
    pub answered: SignedDuration,
    /// So long another one may agree to what somebody has asked for.
    pub asked: SignedDuration,
}

impl Terms {
    /// From then on a child that is still here raises the alarm.
    pub fn alarm_from(&self) -> Timestamp {
        self.ends_at + self.alarm
    }
}

/// How a child stands at a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    pub standing: Standing,
    pub arrived_at: Option<Timestamp>,
    pub late: bool,
    pub early: bool,
    pub release: Option<Release>,
    /// When an alarm is raised unless the child has gone: there is such a moment exactly while a child is here.
    pub alarm_due_at: Option<Timestamp>,
    /// Since when an alarm goes on that nobody has answered.
    pub alarm_at: Option<Timestamp>,
    pub alarms: i64,
}

/// Why a step cannot be taken, in words for whoever tries.
pub type Refusal = &'static str;

pub const BARRED: Refusal = "监护人写明了不能交给这个人。请马上联系监护人";

impl Presence {
    pub const fn expected() -> Presence {
        Presence {
            standing: Standing::Expected,
            arrived_at: None,
            late: false,
            early: false,
            release: None,
            alarm_due_at: None,
            alarm_at: None,
            alarms: 0,
        }
    }

    /// The child comes. It may have been on leave, or missed.
    pub fn arrive(&self, terms: &Terms, now: Timestamp) -> Result<Presence, Refusal> {
        match self.standing {
            Standing::Here => Err("已经点过到了"),
            Standing::Released => Err("已经接走了，不能再点到"),
            Standing::Expected | Standing::OnLeave | Standing::Absent => Ok(Presence {
                standing: Standing::Here,
                arrived_at: Some(now),
                late: now > terms.starts_at + terms.late,
                // A child that comes after all is not left behind at once.
                alarm_due_at: Some(terms.alarm_from().max(now)),
                ..self.clone()
            }),
        }
    }

    /// The child does not come: with leave, or without, which has to be looked after.
    pub fn stay_away(&self, leave: bool) -> Result<Presence, Refusal> {
        match self.standing {
            Standing::Here => Err("孩子在这里，不能记没来"),
            Standing::Released => Err("已经接走了，不能记没来"),
            _ => {
                let standing = if leave { Standing::OnLeave } else { Standing::Absent };
                Ok(Presence { standing, ..self.clone() })
            }
        }
    }

    /// The child goes. Somebody barred is refused whatever else is said of them.
    pub fn release(
        &self,
        terms: &Terms,
        authority: &Authority,
        claim: Claim,
        by: Keeper,
        now: Timestamp,
    ) -> Result<Presence, Refusal> {
        if self.standing != Standing::Here {
            return Err("孩子不在这里，不能放行");
        }
        let barred = |person: &Person| authority.adults.iter().any(|adult| adult.barred && adult.person.is(person));
        let mut release =
            Release { way: ReleaseWay::Alone, adult: None, code: None, person: None, by, second: None, at: now };
        match claim {
            Claim::Listed(id) => {
                let adult = authority.adults.iter().find(|adult| adult.id == id && !adult.barred);
                let adult = adult.ok_or("这个人不在能接的名单上")?;
                if barred(&adult.person) {
                    return Err(BARRED);
                }
                (release.way, release.adult) = (ReleaseWay::Listed, Some(id));
            }
            Claim::Code { code, person } => {
                let (good, substitute) = authority.code.as_ref().ok_or("接送码不对，或者用过了、过期了")?;
                if *good != code || substitute.name != person.name {
                    return Err("接送码和来的人对不上，请联系监护人");
                }
                if barred(&person) || barred(substitute) {
                    return Err(BARRED);
                }
                (release.way, release.code, release.person) = (ReleaseWay::Code, Some(code), Some(person));
            }
            Claim::Alone if !authority.alone => return Err("监护人没有同意自行离开，或者孩子还不够大"),
            Claim::Alone => {}
            Claim::Emergency { asked_at, .. } if now > asked_at + terms.asked => {
                return Err("紧急放行提出得太久了，请再问一次监护人，重新提出");
            }
            Claim::Emergency { person, asked_by, .. } => {
                if asked_by.is(&release.by) {
                    return Err("紧急放行要两个人，请另一位工作人员来确认");
                }
                if barred(&person) {
                    return Err(BARRED);
                }
                (release.way, release.person) = (ReleaseWay::Emergency, Some(person));
                release.second = Some(std::mem::replace(&mut release.by, asked_by));
            }
        }
        Ok(Presence {
            standing: Standing::Released,
            early: now < terms.ends_at,
            release: Some(release),
            alarm_due_at: None,
            alarm_at: None,
            ..self.clone()
        })
    }

    /// The child was marked as gone by mistake: it is here, and watched as before.
    pub fn take_back(&self, terms: &Terms, now: Timestamp) -> Result<Presence, Refusal> {
        if self.standing != Standing::Released {
            return Err("孩子没有记成走了，不用撤回");
        }
        Ok(Presence {
            standing: Standing::Here,
            early: false,
            release: None,
            alarm_due_at: Some(terms.alarm_from().max(now)),
            alarm_at: None,
            ..self.clone()
        })
    }

    /// Raises the alarm if it is due, and says when it comes again; `None` if it is not.
    pub fn alarm(&self, terms: &Terms, now: Timestamp) -> Option<Presence> {
        let due = self.alarm_due_at.filter(|due| *due <= now)?;
        Some(Presence {
            alarm_at: self.alarm_at.or(Some(due)),
            alarm_due_at: Some(now + terms.again),
            alarms: self.alarms + 1,
            ..self.clone()
        })
    }

    /// Somebody says what they do about it. It comes again if the child is still here a while later.
    pub fn answer(&self, terms: &Terms, now: Timestamp) -> Result<Presence, Refusal> {
        if self.alarm_at.is_none() {
            return Err("没有要答复的警报");
        }
        Ok(Presence { alarm_at: None, alarm_due_at: Some(now + terms.answered), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minutes(minutes: i64) -> SignedDuration {
        SignedDuration::from_mins(minutes)
    }

    /// From 16:30 to 18:00.
    fn terms() -> Terms {
        let starts_at: Timestamp = "2026-11-27T08:30:00Z".parse().unwrap();
        Terms {
            starts_at,
            ends_at: starts_at + minutes(90),
            late: minutes(10),
            alarm: minutes(30),
            again: minutes(10),
            answered: minutes(30),
            asked: minutes(20),
        }
    }

    /// Six people by number; the second and the third have one phone, as a couple may.
    fn person(number: u8) -> Person {
        let phone = if number == 2 { 1 } else { number };
        Person { name: format!("人{number}"), relation: String::new(), phone: format!("1380000000{phone}") }
    }

    /// Two with accounts, and a third who is the first by a link of their own.
    fn keeper(number: u8) -> Keeper {
        Keeper { id: Uuid::from_u128(u128::from(number)), name: format!("老师{}", number % 2) }
    }

    /// What happens one after the other, in any order.
    #[derive(Debug, Clone)]
    enum Event {
        Wait(i64),
        Arrive,
        StayAway(bool),
        List(u8),
        Unlist(u8),
        Bar(u8),
        Unbar(u8),
        LetAlone(bool),
        GiveCode(u8),
        /// The person and which of the adults they claim to be.
        Fetch(u8),
        FetchByCode(u8, u8),
        GoAlone,
        AskEmergency(u8, u8),
        ConfirmEmergency(u8),
        TakeBack,
        Look,
        Answer,
    }

    fn event() -> impl Strategy<Value = Event> {
        let who = 0..6u8;
        prop_oneof![
            3 => (1..50i64).prop_map(Event::Wait),
            4 => Just(Event::Arrive),
            1 => any::<bool>().prop_map(Event::StayAway),
            2 => who.clone().prop_map(Event::List),
            1 => who.clone().prop_map(Event::Unlist),
            2 => who.clone().prop_map(Event::Bar),
            1 => who.clone().prop_map(Event::Unbar),
            1 => any::<bool>().prop_map(Event::LetAlone),
            2 => who.clone().prop_map(Event::GiveCode),
            3 => who.clone().prop_map(Event::Fetch),
            3 => (who.clone(), 0..4u8).prop_map(|(who, code)| Event::FetchByCode(who, code)),
            1 => Just(Event::GoAlone),
            2 => (who, 0..3u8).prop_map(|(who, by)| Event::AskEmergency(who, by)),
            2 => (0..3u8).prop_map(Event::ConfirmEmergency),
            1 => Just(Event::TakeBack),
            4 => Just(Event::Look),
            1 => Just(Event::Answer),
        ]
    }

    /// What a careful person would remember of it, written down apart from the program: sets of numbers, and no rule of the state machine.
    #[derive(Default)]
    struct Memory {
        listed: Vec<u8>,
        barred: Vec<u8>,
        alone: bool,
        code: Option<(u8, u8)>,
        codes: u8,
        asked: Option<(u8, u8, Timestamp)>,
    }

    impl Memory {
        fn is_barred(&self, who: u8) -> bool {
            let couple = |one: u8| one == 1 || one == 2;
            self.barred.iter().any(|barred| *barred == who || (couple(*barred) && couple(who)))
        }

        fn authority(&self) -> Authority {
            let of = |people: &[u8], barred: bool| -> Vec<Adult> {
                let id = |who: u8| Uuid::from_u128(u128::from(who) + if barred { 100 } else { 0 });
                people.iter().map(|who| Adult { id: id(*who), barred, person: person(*who) }).collect()
            };
            Authority {
                adults: [of(&self.listed, false), of(&self.barred, true)].concat(),
                alone: self.alone,
                code: self.code.map(|(code, who)| (Uuid::from_u128(u128::from(code) + 200), person(who))),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn no_child_goes_with_a_stranger_and_none_is_left_behind(events in prop::collection::vec(event(), 1..60)) {
            let terms = terms();
            let (mut now, mut memory, mut presence) = (terms.starts_at, Memory::default(), Presence::expected());
            for event in events {
                let (before, taken_back) = (presence.clone(), matches!(event, Event::TakeBack));
                let claim = match event {
                    Event::Wait(time) => { now += minutes(time); None }
                    Event::Arrive => { presence = presence.arrive(&terms, now).unwrap_or(presence); None }
                    Event::StayAway(leave) => { presence = presence.stay_away(leave).unwrap_or(presence); None }
                    Event::List(who) => { if !memory.listed.contains(&who) { memory.listed.push(who); } None }
                    Event::Unlist(who) => { memory.listed.retain(|known| *known != who); None }
                    Event::Bar(who) => { if !memory.barred.contains(&who) { memory.barred.push(who); } None }
                    Event::Unbar(who) => { memory.barred.retain(|known| *known != who); None }
                    Event::LetAlone(may) => { memory.alone = may; None }
                    Event::GiveCode(who) => { memory.codes += 1; memory.code = Some((memory.codes % 4, who)); None }
                    Event::Fetch(who) => Some((Claim::Listed(Uuid::from_u128(u128::from(who))), memory.listed.contains(&who) && !memory.is_barred(who), 0)),
                    Event::FetchByCode(who, code) => Some((
                        Claim::Code { code: Uuid::from_u128(u128::from(code) + 200), person: person(who) },
                        memory.code == Some((code, who)) && !memory.is_barred(who),
                        0,
                    )),
                    Event::GoAlone => Some((Claim::Alone, memory.alone, 0)),
                    Event::AskEmergency(who, by) => { memory.asked = Some((who, by, now)); None }
                    Event::ConfirmEmergency(by) => memory.asked.map(|(who, asked, at)| {
                        // The third is the first again.
                        let right = by % 2 != asked % 2 && now <= at + minutes(20) && !memory.is_barred(who);
                        (Claim::Emergency { person: person(who), asked_by: keeper(asked), asked_at: at }, right, by)
                    }),
                    Event::TakeBack => {
                        let back = presence.take_back(&terms, now);
                        prop_assert_eq!(back.is_ok(), presence.standing == Standing::Released);
                        if let Ok(back) = &back {
                            prop_assert!(back.alarm_due_at >= Some(now) && !back.early && back.arrived_at == presence.arrived_at);
                        }
                        presence = back.unwrap_or(presence);
                        None
                    }
                    Event::Look => { presence = presence.alarm(&terms, now).unwrap_or(presence); None }
                    Event::Answer => { presence = presence.answer(&terms, now).unwrap_or(presence); None }
                };
                if let Some((claim, right, by)) = claim {
                    let done = presence.release(&terms, &memory.authority(), claim, keeper(by), now);
                    prop_assert_eq!(done.is_ok(), right && presence.standing == Standing::Here, "{:?}", done);
                    presence = done.unwrap_or(presence);
                }
                prop_assert_eq!(presence.release.is_some(), presence.standing == Standing::Released);
                prop_assert_eq!(presence.alarm_due_at.is_some(), presence.standing == Standing::Here);
                if before.standing == Standing::Released && !taken_back {
                    prop_assert_eq!(&presence, &before, "what is over stays as it is unless it is taken back");
                }
            }
            // Whoever looks in the end finds every child that is still here, unless somebody has said just now what they do about it.
            let late = now.max(terms.ends_at + terms.alarm) + terms.answered;
            let alarmed = presence.alarm(&terms, late);
            prop_assert_eq!(alarmed.is_some(), presence.standing == Standing::Here);
            if let Some(alarmed) = alarmed {
                prop_assert!(alarmed.alarm_at.is_some() && alarmed.alarms == presence.alarms + 1);
                let again = alarmed.alarm(&terms, late + terms.again).expect("it does not stop by itself");
                prop_assert_eq!(again.alarm_at, alarmed.alarm_at);
                prop_assert!(alarmed.alarm(&terms, late + terms.again - minutes(1)).is_none());
                prop_assert_eq!(again.answer(&terms, late).unwrap().alarm_at, None);
            }
        }
    }

    #[test]
    fn late_and_early_are_told_by_the_clock() {
        let terms = terms();
        let here = |after| Presence::expected().arrive(&terms, terms.starts_at + minutes(after)).unwrap();
        assert!(!here(10).late && here(11).late);
        let alone = Authority { alone: true, ..Authority::default() };
        let gone =
            |after| here(0).release(&terms, &alone, Claim::Alone, keeper(0), terms.ends_at + minutes(after)).unwrap();
        assert!(gone(-1).early && !gone(0).early);
    }
}
