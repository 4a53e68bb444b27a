//! What became of a lecture: written down by whoever gave it or by the team, confirmed or denied by the school; with what pupils asked, and pictures.

use db::Tx;
use jiff::SignedDuration;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{self, NoteKind, Rules, SessionState, at_day};
use super::session::{note, stale, tell, unvetted};
use super::session_store::{
    self, ADD_PHOTO, ANSWER_NOTE, CONFIRM, DISPUTE, DROP_PHOTO, HOLD_DIARY, OLD_PHOTOS, OTHER_USE, OWN_WORDS, Photo,
    RECORD, Session,
};
use super::store::Class;
use crate::access::Act;
use crate::channel::Occasion;
use crate::error::{Error, Result};
use crate::{audit, photo, settings};

/// What became of a session.
#[derive(Debug, Clone)]
pub struct Record {
    pub pupils: i64,
    pub teachers: i64,
    pub parents: i64,
    pub handouts: i64,
    pub minutes: i64,
    pub course: String,
    /// Of whoever writes it down by their own link, and what they think of it themselves.
    pub own: Option<(Uuid, String)>,
    /// Somebody knows that a lecturer had no valid query that day, and says what happened all the same.
    pub knowing: bool,
}

/// What became of it, also where the school has not answered by its link. It can be mended until the school has confirmed it.
///
/// Errors: refused before it has begun, of more pupils or minutes than there can have been, and without a valid query of a lecturer, unless
/// that is known; stale if somebody else was first.
pub async fn record(tx: &mut Tx, act: &Act, session: &Session, seen: i64, what: &Record) -> Result<()> {
    // Classes that move up meanwhile have their class-hours counted anew, before or after this and never beside it.
    tx.execute(HOLD_DIARY.bind(act.tenant)).await?;
    if session.school_confirmed_at.is_some() {
        return Err(Error::refused("学校已经确认过，不能再改"));
    }
    // What was said by phone and given is written down too: the school confirms it, or does not.
    if session.state == SessionState::Cancelled {
        return Err(Error::refused("这节课已经取消，不能登记"));
    }
    if session.starts_at > act.at {
        return Err(Error::refused("课还没有开始"));
    }
    let rules: Rules = settings::read(tx, act.tenant, session.starts_at).await?;
    let planned = (session.ends_at.as_second() - session.starts_at.as_second()) / 60;
    if what.minutes > planned + rules.overrun_minutes {
        return Err(Error::refused(format!("约的是 {planned} 分钟，讲了 {} 分钟对不上，请核对", what.minutes)));
    }
    let without = unvetted(tx, act.tenant, session).await?;
    if !without.is_empty() && !what.knowing {
        return Err(Error::refused(format!(
            "{}那天没有有效的从业查询。那天以前查过的，先补登查询；确实没有查就讲了，勾上“如实登记”",
            without.join("、")
        )));
    }
    let classes = session_store::classes(tx, act.tenant, session.id).await?;
    // A class may have fewer pupils by now than were there when it signed in.
    let came = session_store::sign_ins(tx, act.tenant, session.id).await?;
    let signed_in = |class: &Class| came.iter().find(|one| one.class_id == class.id).map_or(0, |one| one.present);
    let most: i64 = classes.iter().map(|class| class.pupils.max(signed_in(class))).sum();
    if what.pupils > most {
        return Err(Error::refused(format!(
            "来听的班一共 {most} 名学生，到场人数不能更多。还有别的班来听的，先由团队在这节课的页面“照实改”里加上"
        )));
    }
    let youngest = classes.iter().map(|class| class.grade).min().unwrap_or(12);
    let row =
        RECORD.bind(act.tenant).bind(session.id).bind(seen).bind(what.pupils).bind(what.teachers).bind(what.parents);
    let row = row.bind(what.handouts).bind(what.minutes).bind(rules.class_hours(what.minutes, youngest));
    if tx.execute(row.bind(&what.course).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    if let Some((lecturer, words)) = &what.own {
        tx.execute_one(OWN_WORDS.bind(act.tenant).bind(session.id).bind(*lecturer).bind(words)).await?;
    }
    let why = match (without.is_empty(), session.state) {
        (false, _) => "讲课那天没有有效的从业查询，如实登记",
        (true, SessionState::Proposed) => "学校没有在链接上答复，如实登记",
        (true, _) => "",
    };
    audit::record(tx, act, "record_lecture", ("lecture_session", session.id), why, &[]).await
}

/// A lecturer says what they think of it themselves. The school does not read it: its confirmation shuts nobody out.
///
/// Errors: refused before it has begun, and of what was called off.
pub(super) async fn say(tx: &mut Tx, act: &Act, session: &Session, lecturer: Uuid, words: &str) -> Result<()> {
    if session.starts_at > act.at || session.state == SessionState::Cancelled {
        return Err(Error::refused("课还没有开始，或者已经取消"));
    }
    tx.execute_one(OWN_WORDS.bind(act.tenant).bind(session.id).bind(lecturer).bind(words)).await?;
    audit::record(tx, act, "say_own_words", ("lecture_session", session.id), "", &[]).await
}

/// The school says that it was so, and what it thinks.
///
/// Errors: refused before it is written down, or twice; stale if it was changed meanwhile.
pub async fn confirm(tx: &mut Tx, act: &Act, session: &Session, seen: i64, words: &str) -> Result<()> {
    confirmed(tx, act, (session, seen), words, ("", "")).await?;
    audit::record(tx, act, "confirm_lecture", ("lecture_session", session.id), "", &[]).await
}

/// What a school has signed or stamped on paper.
#[derive(Debug, Clone)]
pub struct Paper {
    pub by: String,
    pub day: Date,
    pub words: String,
}

/// The school has said so on paper, and the team enters that: a school that has no link any more confirms no other way.
///
/// Errors: refused before it is written down, or twice, and of a day before the lecture or still to come; stale if it was changed meanwhile.
pub async fn confirm_on_paper(tx: &mut Tx, act: &Act, session: &Session, seen: i64, paper: &Paper) -> Result<()> {
    if paper.day < at_day(session.starts_at) || paper.day > model::today(act.at) {
        return Err(Error::refused("签字、盖章的日子要在上课那天到今天之间"));
    }
    let day = paper.day.to_string();
    confirmed(tx, act, (session, seen), &paper.words, (&paper.by, &day)).await?;
    audit::record(tx, act, "confirm_on_paper", ("lecture_session", session.id), &day, &[]).await
}

async fn confirmed(
    tx: &mut Tx,
    act: &Act,
    (session, seen): (&Session, i64),
    words: &str,
    (by, day): (&str, &str),
) -> Result<()> {
    if !session.unconfirmed() {
        return Err(Error::refused("这节课还没有登记，或者已经确认过了"));
    }
    let row = CONFIRM.bind(act.tenant).bind(session.id).bind(seen).bind(words).bind(act.at).bind(by).bind(day);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    Ok(())
}

/// The school says that it was not so. Then it counts no more: the team looks, and writes it down anew or says that it was not given.
///
/// Errors: refused before it is written down, and once it is confirmed; stale if it was changed meanwhile.
pub async fn dispute(tx: &mut Tx, act: &Act, session: &Session, seen: i64, why: &str) -> Result<()> {
    if !session.unconfirmed() {
        return Err(Error::refused("这节课还没有登记，或者已经确认过了"));
    }
    if tx.execute(DISPUTE.bind(act.tenant).bind(session.id).bind(seen).bind(act.at).bind(why)).await? == 0 {
        return Err(stale());
    }
    tell(tx, act, session, Occasion::Change, "学校说登记的情况不属实，请核对。").await?;
    // Whoever has the link writes what they like: it stands with the lecture until that is settled, and not in the chain, which nothing leaves.
    audit::record(tx, act, "dispute_lecture", ("lecture_session", session.id), "", &[]).await
}

/// What pupils asked, without who.
pub async fn add_question(tx: &mut Tx, act: &Act, session: Uuid, words: &str) -> Result<()> {
    note(tx, act, session, NoteKind::Question, words).await?;
    audit::record(tx, act, "add_question", ("lecture_session", session), "", &[]).await
}

/// Errors: refused if it is answered already.
pub async fn answer_question(tx: &mut Tx, act: &Act, session: Uuid, id: Uuid, answer: &str) -> Result<()> {
    let row = ANSWER_NOTE.bind(act.tenant).bind(session).bind(id).bind(answer).bind(act.at);
    if tx.execute(row).await? == 0 {
        return Err(Error::refused("这个问题已经回复过了"));
    }
    audit::record(tx, act, "answer_question", ("lecture_session", session), "", &[]).await
}

/// Pictures, with the words that say who has agreed to them.
pub async fn add_photos(tx: &mut Tx, act: &Act, session: Uuid, photos: &[Uuid], consent: &str) -> Result<()> {
    for id in photos {
        photo::attach(tx, act.tenant, *id).await?;
        tx.execute(ADD_PHOTO.bind(act.tenant).bind(session).bind(*id).bind(consent).bind(act.at)).await?;
    }
    audit::record(tx, act, "add_photo", ("lecture_session", session), consent, &[]).await
}

/// Somebody wants it shown no more, or it was kept long enough. It is gone once no other session shows it.
pub async fn drop_photo(tx: &mut Tx, act: &Act, session: Uuid, id: Uuid) -> Result<()> {
    tx.execute_one(DROP_PHOTO.bind(act.tenant).bind(session).bind(id)).await?;
    if tx.optional::<Photo>(OTHER_USE.bind(act.tenant).bind(id)).await?.is_none() {
        photo::remove(tx, act, id).await?;
    }
    audit::record(tx, act, "remove_photo", ("lecture_session", session), "", &[]).await
}

/// Pictures of pupils are kept for as long as the settings say.
pub async fn forget_photos(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    let before = act.at - SignedDuration::from_hours(24 * rules.keep_photos_days);
    for old in tx.all::<session_store::OldPhoto>(OLD_PHOTOS.bind(act.tenant).bind(before)).await? {
        drop_photo(tx, act, old.session_id, old.photo_id).await?;
    }
    Ok(())
}
