//! The roll call. Every step holds the session's row, reads what the guardians have laid down as it stands at that moment, asks `presence`,
//! and writes what it says; the checks of `class_presences` refuse the rest.

use std::collections::{HashMap, HashSet};

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::child::{self, Child, json, read_json, today};
use super::code::{self, Tried};
use super::model::{self, Adult, Person};
use super::presence::{Authority, Claim, Keeper, Presence, Release, Standing};
use super::rota::{self, is_the_day};
use super::session::{call_from, hold, note, put_down};
use super::session_model::{Answer, Call, RotaKeeper, Rules};
use super::session_store::{
    ACCOUNT, ADULTS_AT, ALONE_AT, AdultAt, CALL_EXPECTED, CLEAR_ASKING, CODES_AT, KEEPER_CAME, Known, NOTE_ANSWER,
    NOTE_ASKING, NOTE_CALL, OPEN, PRESENCES, SAVE, SEE, SEEN, Session, StoredPresence, WATCH_AGAIN,
};
use super::store::{CHILDREN_AT, Stored};
use super::watch::{self, What};
use crate::access::Act;
use crate::audit;
use crate::error::{Error, Result};
use crate::settings;

/// A child at a session, with all that whoever holds it has to know.
pub struct Row {
    pub child: Child,
    pub presence: Presence,
    pub adults: Vec<Adult>,
    /// Who has fetched the child and is not on the list any more.
    pub former: Vec<Adult>,
    /// The guardian agrees that it leaves alone, and it is old enough today.
    pub alone: bool,
    /// There is a code that is good now.
    pub coded: bool,
    /// Somebody says that they have to take the child at once, and who asked for it.
    pub asked: Option<(Person, Keeper, Timestamp)>,
    /// When the guardian is to be called at the latest.
    pub call_due_at: Option<Timestamp>,
    pub called: Option<(Call, String)>,
    pub answer: Option<(Answer, String)>,
    /// Who has told the family that the session is cancelled or moved, and when; and what it was told.
    pub told: Option<(String, Timestamp)>,
    pub told_what: String,
    /// When the child was put down.
    pub added_at: Timestamp,
    /// Who noted that the child came, or did not.
    pub noted_by: Option<String>,
    version: i64,
}

impl Row {
    pub fn is(&self, standing: Standing) -> bool {
        self.presence.standing == standing
    }

    /// The family is still to be told of what became of the session; whoever was put down since knows.
    pub fn to_tell(&self, session: &Session) -> bool {
        let concerned = session.cancelled_at.is_some() || session.moved_at.is_some_and(|at| self.added_at <= at);
        concerned && self.told.is_none()
    }

    /// The guardian is to be called now: nobody has, or nobody was reached, or who was on the way has not come.
    pub fn to_call(&self, now: Timestamp) -> bool {
        let settled = self.called.as_ref().is_some_and(|(call, _)| *call != Call::NoAnswer);
        self.call_due_at.is_some_and(|due| due <= now || (self.is(Standing::Absent) && !settled))
    }

    /// Who has fetched the child, in words.
    pub fn fetched(&self) -> String {
        let Some(release) = &self.presence.release else { return String::new() };
        let listed = release.adult.and_then(|id| self.adults.iter().chain(&self.former).find(|adult| adult.id == id));
        let who = listed.map(|adult| adult.person.words()).or(release.person.as_ref().map(Person::words));
        who.map_or_else(|| release.way.to_string(), |who| format!("{who}，{}", release.way))
    }
}

fn person(act: &Act, purpose: &str, sealed: Option<&Vec<u8>>) -> Result<Option<Person>> {
    sealed.map(|sealed| read_json(&act.open(purpose, sealed)?)).transpose()
}

const ACCOUNTED: &str = "class account";

pub(super) const FETCHER: &str = "child fetcher";

impl StoredPresence {
    fn presence(&self, act: &Act) -> Result<Presence> {
        let keeper = |id: Option<Uuid>, name: &Option<String>| Some(Keeper { id: id?, name: name.clone()? });
        let release = match (self.way, self.released_at, keeper(self.released_by_id, &self.released_by)) {
            (Some(way), Some(at), Some(by)) => Some(Release {
                way,
                adult: self.adult_id,
                code: self.code_id,
                person: person(act, FETCHER, self.person_sealed.as_ref())?,
                by,
                second: keeper(self.second_id, &self.second_by),
                at,
            }),
            _ => None,
        };
        Ok(Presence {
            standing: self.standing,
            arrived_at: self.arrived_at,
            late: self.late,
            early: self.early,
            release,
            alarm_due_at: self.alarm_due_at,
            alarm_at: self.alarm_at,
            alarms: self.alarms,
        })
    }
}

/// Every child of a session, in the order in which they were put down.
pub async fn rows(tx: &mut Tx, act: &Act, session: &Session) -> Result<Vec<Row>> {
    let rules: model::Rules = settings::read(tx, act.tenant, act.at).await?;
    let stored: Vec<StoredPresence> = tx.all(PRESENCES.bind(act.tenant).bind(session.id)).await?;
    let children: Vec<Stored> = tx.all(CHILDREN_AT.bind(act.tenant).bind(session.id)).await?;
    let mut children = children
        .into_iter()
        .map(|stored| stored.open(act).map(|child| (child.id, child)))
        .collect::<Result<HashMap<Uuid, Child>>>()?;
    let (mut adults, mut former): (HashMap<Uuid, Vec<Adult>>, HashMap<Uuid, Vec<Adult>>) = Default::default();
    for AdultAt { child_id, id, barred, sealed, removed_at } in
        tx.all::<AdultAt>(ADULTS_AT.bind(act.tenant).bind(session.id)).await?
    {
        let person = read_json(&act.open("child adult", &sealed)?)?;
        let list = if removed_at.is_none() { &mut adults } else { &mut former };
        list.entry(child_id).or_default().push(Adult { id, barred, person });
    }
    let set = |known: Vec<Known>| known.into_iter().map(|known| known.id).collect::<HashSet<Uuid>>();
    let Rules { code_tries: tries, .. } = settings::read(tx, act.tenant, act.at).await?;
    let alone = set(tx.all(ALONE_AT.bind(act.tenant).bind(session.id)).await?);
    let coded = set(tx.all(CODES_AT.bind(act.tenant).bind(session.id).bind(act.at).bind(tries)).await?);
    let mut rows = Vec::with_capacity(stored.len());
    for stored in stored {
        let Some(child) = children.remove(&stored.child_id) else { continue };
        let asked = person(act, FETCHER, stored.asked_sealed.as_ref())?;
        let old_enough = child.particulars.age(today(act)).is_some_and(|age| age >= rules.alone_age);
        rows.push(Row {
            presence: stored.presence(act)?,
            adults: adults.remove(&child.id).unwrap_or_default(),
            former: former.remove(&child.id).unwrap_or_default(),
            alone: alone.contains(&child.id) && old_enough,
            coded: coded.contains(&child.id),
            asked: asked
                .zip(stored.asked_by_id.zip(stored.asked_by).zip(stored.asked_at))
                .map(|(who, ((id, name), at))| (who, Keeper { id, name }, at)),
            call_due_at: stored.call_due_at,
            called: stored.call_outcome.zip(stored.called_by),
            answer: stored.answer.zip(stored.answered_by),
            told: stored.told_by.zip(stored.told_at),
            told_what: stored.told_what.unwrap_or_default(),
            added_at: stored.added_at,
            noted_by: stored.noted_by,
            version: stored.lock_version,
            child,
        });
    }
    Ok(rows)
}

/// How many adults those children need.
pub fn adults_for<'a>(act: &Act, rules: &Rules, children: impl Iterator<Item = &'a Row>) -> i64 {
    let day = today(act);
    let ages: Vec<Option<i64>> = children.map(|row| row.child.particulars.age(day)).collect();
    rules.adults_for(&ages)
}

/// Those for whom room has to be kept: who is here, and who may come.
pub fn counted(row: &Row) -> bool {
    matches!(row.presence.standing, Standing::Expected | Standing::Here)
}

/// People, and not lines of the rota.
pub fn there(rota: &[RotaKeeper]) -> i64 {
    let names: HashSet<&str> =
        rota.iter().filter(|keeper| keeper.is_there()).map(|keeper| keeper.name.as_str()).collect();
    names.len() as i64
}

// ---------- opening ----------

/// Errors: refused where it is not time for the class.
fn refuse_untimely(act: &Act, session: &Session, rules: &Rules) -> Result<()> {
    if session.cancelled_at.is_some() {
        return Err(Error::refused("这次课取消了"));
    }
    if session.ends_at <= act.at {
        return Err(Error::refused("这次课的时间已经过了"));
    }
    if act.at < session.starts_at - SignedDuration::from_mins(rules.doors_minutes) {
        return Err(Error::refused(format!("还早，上课前 {} 分钟起才能点", rules.doors_minutes)));
    }
    Ok(())
}

/// Somebody of the rota is there.
///
/// Errors: refused of whoever may not be with children that day, and where it is not time.
pub async fn came(tx: &mut Tx, act: &Act, session: Uuid, keeper: Uuid, by: &Keeper) -> Result<()> {
    let session = hold(tx, act, session).await?;
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    refuse_untimely(act, &session, &rules)?;
    let rota = rota::keepers(tx, act, &session).await?;
    let known = rota.into_iter().find(|known| known.id == keeper).ok_or(Error::NotFound)?;
    if let Some(obstacle) = known.obstacle {
        return Err(Error::refused(obstacle));
    }
    let row = KEEPER_CAME.bind(act.tenant).bind(session.id).bind(keeper).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Ok(());
    }
    if session.opened_at.is_some() {
        // A phone may say it when the class is over and the hours of the others are written.
        let over = rules.terms(session.span()).alarm_from();
        tx.execute(WATCH_AGAIN.bind(act.tenant).bind(session.id).bind(over)).await?;
    }
    let words = if by.name == known.name { known.name } else { format!("{}（{}点的）", known.name, by.name) };
    audit::record(tx, act, "keeper_came", ("class_session", session.id), &words, &[]).await
}

/// The class begins: enough adults who may be with children are there for all who are expected.
///
/// Errors: refused where they are too few, where it is not time, and if it was opened before.
pub async fn open(tx: &mut Tx, act: &Act, session: Uuid, by: &Keeper) -> Result<()> {
    let session = hold(tx, act, session).await?;
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    refuse_untimely(act, &session, &rules)?;
    let rota = rota::keepers(tx, act, &session).await?;
    let rows = rows(tx, act, &session).await?;
    let needed = adults_for(act, &rules, rows.iter().filter(|row| counted(row)));
    let there = there(&rota);
    if there < needed {
        let children = rows.iter().filter(|row| counted(row)).count();
        return Err(Error::refused(format!(
            "要来 {children} 个孩子，至少要有 {needed} 位带班的大人在场，现在点到的有 {there} 位。请先给到场的人点“到了”；人不够，请再排一位或者请家长先别送来"
        )));
    }
    // When it is over, the hours of whoever has held it are written.
    let over = rules.terms(session.span()).alarm_from();
    if tx.execute(OPEN.bind(act.tenant).bind(session.id).bind(act.at).bind(&by.name).bind(over)).await? == 0 {
        let who = session.opened_by.unwrap_or_default();
        return Err(Error::Stale(format!("{who}已经开课了，直接点名就行。")));
    }
    // Of whom nothing is tapped is missed all the same.
    let due = call_from(&rules, session.starts_at);
    tx.execute(CALL_EXPECTED.bind(act.tenant).bind(session.id).bind(due)).await?;
    let words = format!("{}，{there} 位大人", by.name);
    audit::record(tx, act, "open_class", ("class_session", session.id), &words, &[]).await
}

/// What became of the children of a class that nobody has opened.
///
/// Errors: refused before its end and without words; stale if it was opened after all, or somebody has said so before.
pub async fn account(tx: &mut Tx, act: &Act, session: Uuid, words: &str, by: &Keeper) -> Result<()> {
    let session = hold(tx, act, session).await?;
    if session.ends_at > act.at {
        return Err(Error::refused("还没有下课，请开课点名或者取消这次课"));
    }
    if words.trim().is_empty() {
        return Err(Error::refused("请写明每个孩子后来怎样了"));
    }
    // It may name children.
    let sealed = act.seal(ACCOUNTED, words.trim())?;
    let row = ACCOUNT.bind(act.tenant).bind(session.id).bind(sealed).bind(&by.name).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这次课刚刚有人开过或者说明过，请看一下。".to_owned()));
    }
    audit::record(tx, act, "account_for_class", ("class_session", session.id), &by.name, &[]).await
}

/// What somebody has said of the children of a class that was never opened.
pub fn accounted(act: &Act, session: &Session) -> Result<Option<String>> {
    session.account_sealed.as_ref().map(|sealed| act.open(ACCOUNTED, sealed)).transpose()
}

// ---------- steps ----------

/// With whom a child is to go.
#[derive(Debug, Clone)]
pub enum Fetch {
    Listed(Uuid),
    /// What somebody says: the digits, and their name.
    Code {
        digits: String,
        name: String,
    },
    Alone,
    /// Another one agrees to what was asked for at that moment.
    Emergency(Timestamp),
}

#[derive(Debug, Clone)]
pub enum Step {
    Arrive,
    /// With leave, or without.
    StayAway(bool),
    Fetch(Fetch),
    /// Somebody has to take the child at once; another one has to agree.
    Ask(Person),
    Called(Call),
    Answer(Answer),
    /// The child was marked as gone by mistake: why.
    TakeBack(String),
}

/// What came of a step: it was taken, or a code was wrong, and that has to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    Done(String),
    Wrong(String),
}

/// Somebody of the rota takes a step about a child.
///
/// Errors: refused, with what stands in the way; stale if somebody else was first.
pub async fn take(tx: &mut Tx, act: &Act, session: Uuid, child: Uuid, by: &Keeper, step: Step) -> Result<Taken> {
    let session = hold(tx, act, session).await?;
    if session.opened_at.is_none() {
        return Err(Error::refused("还没有开课，请先开课再点名"));
    }
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let terms = rules.terms(session.span());
    let rows = rows(tx, act, &session).await?;
    let row = rows.iter().find(|row| row.child.id == child).ok_or(Error::NotFound)?;
    let name = row.child.name();
    let refuse = |why: &str| Error::refused(format!("{name}：{why}"));
    // Without the name: the words travel in a cookie.
    let done = |words: &str| Ok(Taken::Done(format!("记下了：{words}")));
    match step {
        Step::Arrive => {
            let now = row.presence.arrive(&terms, act.at).map_err(refuse)?;
            let crowd = crowd(tx, act, &session, &rules, &rows, row).await?;
            save(tx, act, &session, row, &now, Some(&by.name), None).await?;
            note(tx, act, "child_came", session.id, child, &by.name).await?;
            let words = if now.late { "到了（迟到）" } else { "到了" };
            let Some((needed, there)) = crowd else { return done(words) };
            // The child is here, whatever is right: it is watched, and staff hear of it.
            let text = format!(
                "【七彩四点半·人不够】{}，{}：孩子到的多，要 {needed} 位带班的大人，现在只有 {there} 位。请马上派人去。",
                session.whereabouts(),
                session.when()
            );
            watch::tell(tx, act, &session, What::Crowd, &text).await?;
            note(tx, act, "too_few_adults", session.id, child, &format!("要 {needed} 位，有 {there} 位")).await?;
            done(&format!("{words}。人不够：要 {needed} 位大人，现在只有 {there} 位。已经通知工作人员，请马上再叫一位"))
        }
        Step::StayAway(leave) => {
            let now = row.presence.stay_away(leave).map_err(refuse)?;
            let due = (!leave).then(|| act.at + SignedDuration::from_mins(rules.call_minutes));
            save(tx, act, &session, row, &now, Some(&by.name), due).await?;
            note(tx, act, if leave { "child_on_leave" } else { "child_missing" }, session.id, child, &by.name).await?;
            done(if leave { "请假" } else { "没来。请马上给监护人打电话" })
        }
        Step::Fetch(fetch) => release(tx, act, &session, &rules, row, by, fetch).await,
        Step::Ask(who) => {
            if !row.is(Standing::Here) {
                return Err(refuse("孩子不在这里，不能放行"));
            }
            if row.adults.iter().any(|adult| adult.barred && adult.person.is(&who)) {
                return Err(refuse(super::presence::BARRED));
            }
            let sealed = act.seal(FETCHER, &json(&who)?)?;
            let asked = NOTE_ASKING.bind(act.tenant).bind(session.id).bind(child).bind(sealed).bind(by.id);
            tx.execute_one(asked.bind(&by.name).bind(act.at)).await?;
            note(tx, act, "ask_emergency", session.id, child, &by.name).await?;
            done("提出紧急放行。请另一位带班的在自己的手机上确认")
        }
        Step::Called(call) => {
            if row.is(Standing::Expected) {
                let now = row.presence.stay_away(false).map_err(refuse)?;
                save(tx, act, &session, row, &now, Some(&by.name), row.call_due_at).await?;
            }
            // Who is on the way has not come yet.
            let due = (call != Call::NotComing).then(|| act.at + SignedDuration::from_mins(rules.call_minutes));
            let row = NOTE_CALL.bind(act.tenant).bind(session.id).bind(child).bind(due).bind(call).bind(&by.name);
            if tx.execute(row.bind(act.at)).await? == 0 {
                return Err(refuse("现在不是“没来”，不用打电话了"));
            }
            let words = format!("{}：{call}", by.name);
            note(tx, act, "call_guardian", session.id, child, &words).await?;
            done(call.label())
        }
        Step::TakeBack(why) => {
            let now = row.presence.take_back(&terms, act.at).map_err(refuse)?;
            save(tx, act, &session, row, &now, row.noted_by.as_deref(), None).await?;
            tx.execute(CLEAR_ASKING.bind(act.tenant).bind(session.id).bind(child)).await?;
            let words = format!("{}：{why}（原来记的：{}）", by.name, taken_back(row));
            note(tx, act, "take_back_release", session.id, child, &words).await?;
            done("孩子还在，放行撤回了")
        }
        Step::Answer(answer) => {
            let now = row.presence.answer(&terms, act.at).map_err(refuse)?;
            save(tx, act, &session, row, &now, row.noted_by.as_deref(), row.call_due_at).await?;
            let answered = NOTE_ANSWER.bind(act.tenant).bind(session.id).bind(child).bind(answer).bind(&by.name);
            tx.execute_one(answered).await?;
            let words = format!("{}：{answer}", by.name);
            note(tx, act, "answer_alarm", session.id, child, &words).await?;
            done("孩子没走，过一会儿还会再提醒")
        }
    }
}

/// A child of the roll has come that was not expected: it is put down, whatever there is room for, and noted as here like any other.
///
/// Errors: refused before the class is opened and when it is over, and of a child that is not on the roll any more.
pub async fn arrive_unexpected(tx: &mut Tx, act: &Act, session: Uuid, child: Uuid, by: &Keeper) -> Result<Taken> {
    child::hold_enrolled(tx, act, &[child]).await?;
    let session = hold(tx, act, session).await?;
    if session.opened_at.is_none() {
        return Err(Error::refused("还没有开课，请先开课再点名"));
    }
    if session.ends_at <= act.at {
        return Err(Error::refused("已经下课了，不能再加孩子"));
    }
    if put_down(tx, act, session.id, child).await? {
        note(tx, act, "child_unexpected", session.id, child, &format!("{}：没有排上，来了", by.name)).await?;
    }
    take(tx, act, session.id, child, by, Step::Arrive).await
}

/// The way and the hour of a release, for the record: it is nowhere else any more.
fn taken_back(row: &Row) -> String {
    let release = row.presence.release.as_ref();
    let words = |release: &Release| {
        format!("{}，{}，{}放行", crate::web::show::moment(&release.at), release.way, release.by.name)
    };
    release.map(words).unwrap_or_default()
}

/// How many adults there should be and how many there are, if one more child is more than those may look after.
async fn crowd(
    tx: &mut Tx,
    act: &Act,
    session: &Session,
    rules: &Rules,
    rows: &[Row],
    comes: &Row,
) -> Result<Option<(i64, i64)>> {
    let here = rows.iter().filter(|row| row.is(Standing::Here) || row.child.id == comes.child.id);
    let needed = adults_for(act, rules, here);
    let there = there(&rota::keepers(tx, act, session).await?);
    Ok((there < needed).then_some((needed, there)))
}

async fn release(
    tx: &mut Tx,
    act: &Act,
    session: &Session,
    rules: &Rules,
    row: &Row,
    by: &Keeper,
    fetch: Fetch,
) -> Result<Taken> {
    let (name, child) = (row.child.name(), row.child.id);
    if let Some(release) = &row.presence.release {
        let (who, at) = (&release.by.name, crate::web::show::moment(&release.at));
        return Err(Error::refused(format!("{name}已经走了：{at} {who}放行，{}", row.fetched())));
    }
    let mut authority = Authority { adults: row.adults.clone(), alone: row.alone, code: None };
    let claim = match fetch {
        Fetch::Listed(adult) => Claim::Listed(adult),
        Fetch::Alone => Claim::Alone,
        Fetch::Emergency(seen) => {
            let asked = row.asked.clone().ok_or_else(|| Error::refused("没有人提出过紧急放行"))?;
            let (person, asked_by, asked_at) = asked;
            if asked_at != seen {
                return Err(Error::Stale("紧急放行刚刚改过，请看清楚交给谁，再确认。".to_owned()));
            }
            Claim::Emergency { person, asked_by, asked_at }
        }
        Fetch::Code { digits, name: said } => match code::try_out(tx, act, child, &digits, &said).await? {
            Tried::Wrong(why) => {
                note(tx, act, "wrong_code", session.id, child, &by.name).await?;
                return Ok(Taken::Wrong(format!("{name}：{why}")));
            }
            Tried::Right(code, person) => {
                authority.code = Some((code, person.clone()));
                Claim::Code { code, person }
            }
        },
    };
    let terms = rules.terms(session.span());
    let now = row.presence.release(&terms, &authority, claim, by.clone(), act.at);
    let now = now.map_err(|why| Error::refused(format!("{name}：{why}")))?;
    if let Some(code) = now.release.as_ref().and_then(|release| release.code) {
        code::spend(tx, act, child, code).await?;
    }
    save(tx, act, session, row, &now, row.noted_by.as_deref(), None).await?;
    let way = now.release.as_ref().map(|release| release.way.label()).unwrap_or_default();
    note(tx, act, "release_child", session.id, child, &format!("{}：{way}", by.name)).await?;
    Ok(Taken::Done(format!("记下了：走了，{way}")))
}

/// Writes how a child stands now.
///
/// Errors: stale if somebody else has taken a step since.
pub(super) async fn save(
    tx: &mut Tx,
    act: &Act,
    session: &Session,
    row: &Row,
    now: &Presence,
    noted_by: Option<&str>,
    call_due_at: Option<Timestamp>,
) -> Result<()> {
    let Presence { standing, arrived_at, late, early, release, alarm_due_at, alarm_at, alarms } = now;
    let save = SAVE.bind(act.tenant).bind(session.id).bind(row.child.id).bind(row.version).bind(*standing);
    let save = save.bind(*arrived_at).bind(*late).bind(*early).bind(*alarm_due_at).bind(*alarm_at).bind(*alarms);
    let save = save.bind(noted_by).bind(call_due_at);
    let of = |take: fn(&Release) -> Option<Uuid>| release.as_ref().and_then(take);
    let person = release.as_ref().and_then(|release| release.person.as_ref());
    let sealed = person.map(|person| act.seal(FETCHER, &json(person)?)).transpose()?;
    let save = save.bind(release.as_ref().map(|release| release.at)).bind(release.as_ref().map(|release| release.way));
    let save = save.bind(of(|release| release.adult)).bind(of(|release| release.code)).bind(sealed);
    let save = save.bind(of(|release| Some(release.by.id)));
    let save = save.bind(release.as_ref().map(|release| release.by.name.as_str()));
    let second = release.as_ref().and_then(|release| release.second.as_ref());
    let save = save.bind(second.map(|second| second.id)).bind(second.map(|second| second.name.as_str()));
    if tx.execute(save).await? == 0 {
        return Err(Error::Stale("这个孩子刚刚有别人点过，请看一下再点。".to_owned()));
    }
    Ok(())
}

/// The guardian says before the beginning that the child does not come.
///
/// Errors: refused after the beginning, and of a child that is not expected.
pub async fn take_leave(tx: &mut Tx, act: &Act, session: Uuid, child: &Child) -> Result<()> {
    let session = hold(tx, act, session).await?;
    if session.cancelled_at.is_some() || session.starts_at <= act.at {
        return Err(Error::refused("已经开始上课或者取消了，请直接给带班的打电话"));
    }
    let rows = rows(tx, act, &session).await?;
    let row = rows.iter().find(|row| row.child.id == child.id).ok_or(Error::NotFound)?;
    let now = row.presence.stay_away(true).map_err(Error::refused)?;
    save(tx, act, &session, row, &now, Some("监护人"), None).await?;
    note(tx, act, "child_on_leave", session.id, child.id, "监护人").await
}

// ---------- who has looked ----------

/// Notes, once for each child, that somebody who holds the session reads of the children who are expected.
pub async fn see(tx: &mut Tx, act: &Act, session: &Session, rows: &[&Row], reader: &Keeper, why: &str) -> Result<()> {
    let read = SEE.bind(act.tenant);
    let purpose = format!("{why}：{}", session.when());
    let row = |row: &&Row| {
        let seen = read.clone().bind(act.id()).bind(row.child.id).bind(reader.id).bind(&reader.name).bind(&purpose);
        // The record itself stays closed.
        seen.bind(act.at).bind(act.at).bind(session.id)
    };
    // Of a child that is erased there is nothing to read.
    tx.execute_many(SEE, rows.iter().filter(|row| !row.child.erased).map(row).collect()).await?;
    Ok(())
}

/// Whether somebody reads of a child of the session whom they have not read of before.
pub async fn sees_anew(tx: &mut Tx, act: &Act, session: &Session, rows: &[&Row], reader: Uuid) -> Result<bool> {
    let seen: Vec<Known> = tx.all(SEEN.bind(act.tenant).bind(session.id).bind(reader)).await?;
    Ok(rows.iter().any(|row| !row.child.erased && !seen.iter().any(|seen| seen.id == row.child.id)))
}

/// Whether somebody may read the children's names: they hold the session, and it is its day.
pub fn may_read(act: &Act, session: &Session, keeper: Option<&RotaKeeper>) -> bool {
    keeper.is_some_and(|keeper| keeper.obstacle.is_none()) && is_the_day(act, session)
}
