//! 新学年，年级加一: in the middle of August each class of a school moves up, and those of the top grade leave. It is entered once a year, before or
//! after that day; what counts is the day. A lecture keeps the grade in which its classes were on its day (`lecture_session_classes.grade`), by which
//! figures are counted; what somebody is to hear next goes by the class, which is the same pupils (decision 0070).

use std::collections::BTreeMap;

use db::Tx;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::model::{Rules, Stage, at_day, grade, today};
use super::session_store::{self, COUNT_ANEW, FOLLOW, FOLLOW_CLASS, HOLD_DIARY, Session};
use super::store::{
    self, ADD_PAST, CLOSE_CLASS, CLOSED_CLASSES, Class, DROP_PASTS, MOVE_BACK, OPEN_CLASS, PASTS, PASTS_OF, Past,
    PastOf, REGRADE, School, TURN, TURN_BACK,
};
use super::summary::{begins, made_at};
use crate::access::Act;
use crate::error::{Error, Result};
use crate::{audit, settings};

/// The month and the day on which a school year turns: in the middle of the summer break, since the new one begins on 1 September or some days before. It
/// is the calendar of all schools of the country, and nothing that a team would set.
const TURNS: (i8, i8) = (8, 16);

/// The year in whose summer classes move up by a step that is entered on a day: from July on, when lessons are over, that of this year.
pub fn offered(day: Date) -> i16 {
    if day.month() < 7 { day.year().saturating_sub(1) } else { day.year() }
}

/// Whether a step of a year is offered on a day on which it was not entered yet. Around the summer it always is: whoever begins to use the program then
/// ticks by hand. Later it is where it was forgotten, and not where all classes were entered in the grades of the new school year.
pub fn due(classes: &[Class], year: i16, day: Date) -> Result<bool> {
    let mut due = (7..=10).contains(&day.month());
    for class in classes {
        due |= was_there(class, year)?;
    }
    Ok(due)
}

/// The year of the first turn after a day.
pub(super) fn year_after(day: Date) -> i16 {
    if (day.month(), day.day()) < TURNS { day.year() } else { day.year().saturating_add(1) }
}

/// When the school year of a year begins.
fn turns(year: i16) -> Result<Timestamp> {
    begins(date(year, TURNS.0, TURNS.1))
}

/// When the school year began in which a day lies.
pub(super) fn began(day: Date) -> Result<Timestamp> {
    turns(year_after(day).saturating_sub(1))
}

/// When those who leave are gone: before the new school year begins, in which they are none of its classes.
fn leave_at(year: i16) -> Result<Timestamp> {
    Ok(turns(year)? - SignedDuration::from_secs(1))
}

/// Since when a class counts as being there: since it was entered, and where that was in summer, when lessons are over, since the school year began for
/// which it was entered.
pub(super) fn there_since(class: Uuid) -> Timestamp {
    let at = made_at(class);
    let day = at_day(at);
    let in_summer = day.month() >= 7 && (day.month(), day.day()) < TURNS;
    if in_summer { turns(day.year()).unwrap_or(at) } else { at }
}

/// Whether a class was there before the turn of a year, so that it is probably one that moves up.
pub(super) fn was_there(class: &Class, year: i16) -> Result<bool> {
    Ok(there_since(class.id) < turns(year)?)
}

/// Each class that has moved up since a day, with the grade in which it was then.
pub(super) async fn grades_on(tx: &mut Tx, tenant: Uuid, day: Date) -> Result<BTreeMap<Uuid, i64>> {
    let pasts: Vec<Past> = tx.all(PASTS.bind(tenant).bind(i64::from(year_after(day)))).await?;
    let mut then = BTreeMap::new();
    for past in pasts {
        then.entry(past.class_id).or_insert(past.grade);
    }
    Ok(then)
}

/// Puts classes of a school into the grades in which they were on a day. Of a lecture that is arranged already, and where the school has turned since that
/// day, those are left out that came in a later school year than that day's, unless they are its own; one that came late in that year may have heard it
/// before it was entered. What a lecture that has begun says of its own stays while it stays in its school year: the grade that was known then.
pub(super) async fn put_back(
    tx: &mut Tx,
    tenant: Uuid,
    school: Uuid,
    (day, session, begun): (Date, Option<&Session>, bool),
    classes: &mut Vec<Class>,
) -> Result<()> {
    let pasts: Vec<PastOf> = tx.all(PASTS_OF.bind(tenant).bind(school).bind(i64::from(year_after(day)))).await?;
    for class in classes.iter_mut() {
        if let Some(past) = pasts.iter().find(|past| past.class_id == class.id) {
            class.grade = past.grade;
        }
    }
    let own = match session {
        Some(session) => session_store::classes(tx, tenant, session.id).await?,
        None => Vec::new(),
    };
    let same_year = session.is_some_and(|one| year_after(at_day(one.starts_at)) == year_after(day));
    for class in classes.iter_mut().filter(|_| begun && same_year) {
        if let Some(one) = own.iter().find(|one| one.id == class.id) {
            class.grade = one.grade;
        }
    }
    if session.is_some() || !pasts.is_empty() {
        let end = turns(year_after(day))?;
        classes.retain(|class| there_since(class.id) < end || own.iter().any(|one| one.id == class.id));
    }
    Ok(())
}

/// What the lectures of a school from a moment on say of its classes, or of one of them, is what these are now. Where primary and secondary classes
/// sit in one school, the class-hours of what was written down already are counted anew.
async fn follow(tx: &mut Tx, act: &Act, school: &School, since: Timestamp, class: Option<Uuid>) -> Result<()> {
    match class {
        Some(class) => {
            tx.execute(FOLLOW_CLASS.bind(act.tenant).bind(school.id).bind(since).bind(class)).await?;
        }
        None => {
            tx.execute(FOLLOW.bind(act.tenant).bind(school.id).bind(since)).await?;
        }
    }
    if school.stage == Stage::Nine {
        let rules: Rules = settings::read(tx, act.tenant, since).await?;
        let row = COUNT_ANEW.bind(act.tenant).bind(school.id).bind(since).bind(rules.primary_minutes.max(1));
        tx.execute(row.bind(rules.secondary_minutes.max(1))).await?;
    }
    Ok(())
}

/// So many classes are named in an entry of the audit log.
const NAMED: usize = 100;

/// The names of classes in one line; of very many the first.
fn named(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    let rest = if names.len() > NAMED { "等" } else { "" };
    format!("{}{rest}", names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("、"))
}

/// These classes of a school move up, or leave where there is no grade above theirs; the others stay, since they were entered for the new school year
/// already. Lectures from its first day on follow, whether it is entered before or after that day.
///
/// Errors: refused a second time in a year, long after the summer where no class was there before it, without a class, and where two classes would have
/// one name.
pub async fn turn(tx: &mut Tx, act: &Act, school: &School, moved: &[Uuid]) -> Result<()> {
    let year = offered(today(act.at));
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    // As it is now, whatever somebody has done to it while the diary was theirs.
    let school = &store::school(tx, act.tenant, school.id).await?;
    if school.closed_at.is_some() {
        return Err(Error::refused(format!("已经不再去{}", school.name)));
    }
    if tx.execute(TURN.bind(act.tenant).bind(school.id).bind(i64::from(year))).await? == 0 {
        return Err(Error::refused(format!("{year} 年秋季的年级已经加过了")));
    }
    let known = store::classes(tx, act.tenant, school.id).await?;
    if !due(&known, year, today(act.at))? {
        return Err(Error::refused(format!("现在的班都是 {year} 年暑假以后登记的，年级不用加")));
    }
    let (moving, staying): (Vec<Class>, Vec<Class>) = known.into_iter().partition(|class| moved.contains(&class.id));
    if moving.is_empty() {
        return Err(Error::refused("请勾上升年级和毕业的班"));
    }
    let mut rows = Vec::new();
    for class in &moving {
        let to = school.stage.after(class.grade);
        if let Some(other) = staying.iter().find(|other| Some(other.grade) == to && other.name == class.name) {
            return Err(Error::refused(format!(
                "{}升上去就和没有勾的{}同名了，请一起勾上，或者先改班名",
                class.full_name(),
                other.full_name()
            )));
        }
        rows.push(ADD_PAST.bind(act.tenant).bind(school.id).bind(i64::from(year)).bind(class.id).bind(class.grade));
    }
    tx.execute_many(ADD_PAST, rows).await?;
    let gone = leave_at(year)?;
    let mut left = 0;
    // From the oldest down, so that each finds the grade above empty.
    for class in moving.iter().rev() {
        if let Some(to) = school.stage.after(class.grade) {
            let row = REGRADE.bind(act.tenant).bind(school.id).bind(class.id).bind(to).bind(&class.name);
            tx.execute_one(row).await?;
        } else {
            left += 1;
            tx.execute_one(CLOSE_CLASS.bind(act.tenant).bind(school.id).bind(class.id).bind(gone)).await?;
        }
    }
    follow(tx, act, school, turns(year)?, None).await?;
    let names = named(moving.iter().map(Class::full_name));
    let words = format!("{year} 年秋季，{} 个班升年级，{left} 个班毕业：{names}", moving.len() - left);
    audit::record(tx, act, "turn_school_year", ("lecture_school", school.id), &words, &[]).await
}

/// All classes that have moved up this year are where they were before, those that left as well, and lectures from the first day of the school year on
/// follow again. Classes that were entered since stay.
///
/// Errors: refused where nothing was moved up, where a class was put away since, which moving up anew would leave out, and where a class that was
/// entered since has the name of one that comes back.
pub async fn take_back(tx: &mut Tx, act: &Act, school: &School) -> Result<()> {
    let year = offered(today(act.at));
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    let school = &store::school(tx, act.tenant, school.id).await?;
    if tx.execute(TURN_BACK.bind(act.tenant).bind(school.id).bind(i64::from(year))).await? == 0 {
        return Err(Error::refused(format!("{year} 年秋季的年级还没有加过，或者已经撤销")));
    }
    let gone = leave_at(year)?;
    let pasts: Vec<PastOf> = tx.all(PASTS_OF.bind(act.tenant).bind(school.id).bind(i64::from(year))).await?;
    let known = store::classes(tx, act.tenant, school.id).await?;
    if let Some(past) = pasts.iter().find(|past| past.closed_at.is_some_and(|at| at != gone)) {
        let now = school.stage.after(past.grade).unwrap_or(past.grade);
        return Err(Error::refused(format!("{}{}后来不再列出了，先重新列出，再撤销", grade(now), past.name)));
    }
    let moved = |class: &Class| pasts.iter().any(|past| past.class_id == class.id);
    let in_the_way = |class: &Class| pasts.iter().any(|past| past.grade == class.grade && past.name == class.name);
    if let Some(class) = known.iter().find(|class| !moved(class) && in_the_way(class)) {
        return Err(Error::refused(format!(
            "{}是后来登记的，先点“改年级、班名”给它临时换个班名，再撤销；重新年级加一以后改回来",
            class.full_name()
        )));
    }
    // From the youngest up, so that each finds the grade below empty.
    for past in &pasts {
        let row = MOVE_BACK.bind(act.tenant).bind(school.id).bind(past.class_id).bind(past.grade).bind(gone);
        match tx.execute_one(row).await {
            Err(db::Error::Duplicate(_)) => {
                return Err(Error::refused(format!(
                    "{}{}后来改过，撤销不了，请一个一个改",
                    grade(past.grade),
                    past.name
                )));
            }
            other => other?,
        }
    }
    tx.execute(DROP_PASTS.bind(act.tenant).bind(school.id).bind(i64::from(year))).await?;
    follow(tx, act, school, turns(year)?, None).await?;
    let names = named(pasts.iter().map(|past| format!("{}{}", grade(past.grade), past.name)));
    let words = format!("{year} 年秋季，{} 个班改回原来的年级：{names}", pasts.len());
    audit::record(tx, act, "turn_school_year_back", ("lecture_school", school.id), &words, &[]).await
}

/// The grade or the name of a class was entered wrongly. What is still to come follows; what it has heard stays with the grade that was known then, unless
/// it moved up wrongly this school year: then all of this year follows.
///
/// Errors: refused of a grade that the school does not have, and of a class that is there.
pub async fn regrade(tx: &mut Tx, act: &Act, school: &School, id: Uuid, (to, name): (i64, &str)) -> Result<()> {
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    let school = &store::school(tx, act.tenant, school.id).await?;
    let (first, last) = school.stage.grades();
    if !(first..=last).contains(&to) {
        return Err(Error::refused(format!("{}没有这个年级", school.stage)));
    }
    let known = store::classes(tx, act.tenant, school.id).await?;
    if known.iter().any(|class| class.id != id && class.grade == to && class.name == name) {
        return Err(Error::refused("这个班已经登记过了"));
    }
    tx.execute_one(REGRADE.bind(act.tenant).bind(school.id).bind(id).bind(to).bind(name)).await?;
    // Where classes have moved up before the school year begins, what is left of the old one stays as it is.
    let year = offered(today(act.at));
    let mut since = act.at;
    if school.turned_year == Some(i64::from(year)) {
        let pasts: Vec<PastOf> = tx.all(PASTS_OF.bind(act.tenant).bind(school.id).bind(i64::from(year))).await?;
        let turned = turns(year)?;
        since = if pasts.iter().any(|past| past.class_id == id) { turned } else { turned.max(act.at) };
    }
    follow(tx, act, school, since, Some(id)).await?;
    audit::record(tx, act, "update", ("lecture_class", id), &format!("{}{name}", grade(to)), &[]).await
}

/// A class that was put away by mistake, or ticked as one that leaves, is listed again, with all that it has heard and in the grade in which it was.
///
/// Errors: refused where another class has its name by now, and of one that is listed.
pub(super) async fn relist(tx: &mut Tx, act: &Act, school: Uuid, id: Uuid) -> Result<()> {
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    let gone: Vec<Class> = tx.all(CLOSED_CLASSES.bind(act.tenant).bind(school)).await?;
    let Some(class) = gone.iter().find(|class| class.id == id) else {
        return Err(Error::refused("这个班已经列出了，请刷新再看"));
    };
    let known = store::classes(tx, act.tenant, school).await?;
    if known.iter().any(|other| other.grade == class.grade && other.name == class.name) {
        return Err(Error::refused(format!(
            "现在另有{}，先点“改年级、班名”给它换个班名，再重新列出",
            class.full_name()
        )));
    }
    tx.execute_one(OPEN_CLASS.bind(act.tenant).bind(school).bind(id)).await?;
    audit::record(tx, act, "relist_class", ("lecture_class", id), &class.full_name(), &[]).await
}
