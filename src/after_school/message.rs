//! What the class and the guardians tell each other: to one guardian or to all of an estate, and back. Words are sealed, name no other child,
//! go after a while, and go at once with the child's record.

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::child::Child;
use super::message_store::{
    self, ADD, ERASE, ERASE_COPIES, FORGET, FORGET_COPIES, GIVE, GIVE_ALL, OF_CHILD, SEEN, StoredMessage, StoredToAll,
    TO_ALL,
};
use super::model::State;
use super::names::{self, named_in};
use crate::access::{Act, Permission, Scope, Viewer};
use crate::audit;
use crate::channel::{self, Notice, Occasion, Place};
use crate::error::{Error, Result};
use crate::settings::{self, Setting};
use crate::web::{Todo, show};

#[derive(Debug, Clone, Copy, Deserialize)]
pub struct MessageRules {
    pub answer_hours: i64,
    pub keep_messages_days: i64,
}

impl Setting for MessageRules {
    const NAME: &'static str = "after_school.messages";
}

#[derive(Debug, Clone)]
pub struct Message {
    pub from_guardian: bool,
    /// It went to all of an estate.
    pub to_all: bool,
    pub words: String,
    pub at: Timestamp,
    pub read_at: Option<Timestamp>,
    pub writer: String,
}

/// What went to all of an estate, to how many guardians, and how many of them say that they have seen it.
#[derive(Debug, Clone)]
pub struct ToAll {
    pub estate: String,
    pub words: String,
    pub at: Timestamp,
    pub writer: String,
    pub people: i64,
    pub seen: i64,
}

/// So many characters a message has at most.
pub const LENGTH: usize = 500;

pub async fn rules(tx: &mut Tx, act: &Act) -> Result<MessageRules> {
    settings::read(tx, act.tenant, act.at).await
}

fn refuse_gone(child: &Child) -> Result<()> {
    match child.state {
        State::Enrolled => Ok(()),
        other => Err(Error::refused(format!("孩子现在是“{other}”，不能再发消息"))),
    }
}

async fn add(tx: &mut Tx, act: &Act, child: &Child, from_guardian: bool, words: &str) -> Result<()> {
    refuse_gone(child)?;
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(child.id).bind(child.estate).bind(from_guardian);
    tx.execute(row.bind(act.seal("class message", words)?).bind(act.at).bind(act.account)).await?;
    tx.execute(GIVE.bind(act.tenant).bind(child.id).bind(id).bind(from_guardian).bind(act.at)).await?;
    audit::record(tx, act, "send_message", ("child", child.id), "", &[]).await
}

/// Staff write to the guardian of one child.
///
/// Errors: refused of a child that is not on the roll, and of words that name another child of the estate, unless somebody is `sure` that
/// they do not.
pub async fn say(tx: &mut Tx, act: &Act, child: &Child, words: &str, sure: bool) -> Result<()> {
    let known = names::on_roll(tx, act, &Scope::tenant()).await?;
    let others = known.iter().filter(|one| one.estate == child.estate && one.particulars.name != child.name());
    // The child's own name may have another's in it.
    let rest = if child.name().is_empty() { words.to_owned() } else { words.replace(child.name(), "　") };
    if !sure && let Some(name) = named_in(others, &rest) {
        return Err(Error::refused(format!(
            "里面的“{name}”是别的孩子的姓名，请改成“有个同学”这样的说法；不是孩子的姓名，勾上下面一项再发"
        )));
    }
    add(tx, act, child, false, words).await
}

/// The guardian writes. What staff wrote up to the moment that stood on their page has been seen then.
///
/// Errors: refused of a child that is not on the roll.
pub async fn answer(tx: &mut Tx, act: &Act, child: &Child, words: &str, until: Option<Timestamp>) -> Result<()> {
    if let Some(until) = until {
        seen(tx, act, child.id, false, until).await?;
    }
    add(tx, act, child, true, words).await
}

/// Staff write to the guardians of all who are on the roll of an estate; with `aloud`, its groups are told that there is something to read.
/// Gives the number of guardians.
///
/// Errors: refused where nobody is on the roll, and of words that name a child of the estate, unless somebody is `sure` that they do not.
pub async fn say_all(tx: &mut Tx, act: &Act, estate: Uuid, words: &str, (aloud, sure): (bool, bool)) -> Result<u64> {
    let known = names::on_roll(tx, act, &Scope::tenant()).await?;
    let here = known.iter().filter(|one| one.estate == estate);
    if !sure && let Some(name) = named_in(here, words) {
        return Err(Error::refused(format!(
            "发给大家的消息里不要写孩子的姓名：“{name}”；不是孩子的姓名，勾上下面一项再发"
        )));
    }
    let id = act.id();
    if aloud {
        let notice = Notice {
            place: Place::Estate(estate),
            subject: ("class_message", id),
            occasion: Occasion::Announcement,
            edition: 1,
            text: "【七彩四点半】给家长发了新消息，请家长打开自己的链接看。",
            path: "",
            happens_at: None,
        };
        channel::tell(tx, act, &notice).await?;
    }
    let row = ADD.bind(act.tenant).bind(id).bind(None::<Uuid>).bind(estate).bind(false);
    tx.execute(row.bind(act.seal("class message", words)?).bind(act.at).bind(act.account)).await?;
    let people = tx.execute(GIVE_ALL.bind(act.tenant).bind(id)).await?;
    if people == 0 {
        return Err(Error::refused("这个小区还没有在册的孩子"));
    }
    audit::record(tx, act, "send_message", ("estate", estate), &format!("{people} 位监护人"), &[]).await?;
    Ok(people)
}

/// Somebody says that they have seen what the other side wrote up to the newest that was shown to them: the guardian, or with
/// `from_guardian` staff.
pub async fn seen(tx: &mut Tx, act: &Act, child: Uuid, from_guardian: bool, until: Timestamp) -> Result<()> {
    tx.execute(SEEN.bind(act.tenant).bind(child).bind(from_guardian).bind(act.at).bind(until)).await?;
    Ok(())
}

/// The latest first; at most 1000.
pub async fn messages(tx: &mut Tx, act: &Act, child: Uuid) -> Result<Vec<Message>> {
    let stored: Vec<StoredMessage> = tx.all(OF_CHILD.bind(act.tenant).bind(child)).await?;
    let open = |stored: StoredMessage| -> Result<Message> {
        let words = act.open("class message", &stored.sealed)?;
        let StoredMessage { child_id, from_guardian, at, read_at, writer_name, .. } = stored;
        let writer = if from_guardian { "监护人".to_owned() } else { writer_name.unwrap_or_default() };
        Ok(Message { from_guardian, to_all: child_id.is_none(), words, at, read_at, writer })
    };
    stored.into_iter().map(open).collect()
}

/// The moment of the newest that the other side wrote, of those that are shown, in milliseconds; nothing where there is none.
pub fn newest(messages: &[Message], from_guardian: bool) -> String {
    let theirs = messages.iter().find(|one| one.from_guardian == from_guardian);
    theirs.map(|one| one.at.as_millisecond().to_string()).unwrap_or_default()
}

/// What went to all of an estate within reach lately, the latest first.
pub async fn to_all(tx: &mut Tx, act: &Act, scope: &Scope) -> Result<Vec<ToAll>> {
    let rules = rules(tx, act).await?;
    let since = act.at - SignedDuration::from_hours(24 * rules.keep_messages_days);
    let query = TO_ALL.bind(act.tenant).bind(scope.account).bind(&scope.roles).bind(since);
    let stored: Vec<StoredToAll> = tx.all(query).await?;
    let open = |stored: StoredToAll| -> Result<ToAll> {
        let words = act.open("class message", &stored.sealed)?;
        let StoredToAll { estate_name, at, writer_name, people, seen, .. } = stored;
        Ok(ToAll { estate: estate_name, words, at, writer: writer_name.unwrap_or_default(), people, seen })
    };
    stored.into_iter().map(open).collect()
}

/// What guardians wrote and nobody has seen. Neither they nor the child are named.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::ChildManage) {
        return Ok(Vec::new());
    }
    let rules: MessageRules = settings::read(tx, viewer.tenant, now).await?;
    let waiting = message_store::waiting(tx, viewer.tenant, &viewer.scope(Permission::ChildManage)).await?;
    let todo = waiting.into_iter().map(|waiting| {
        let due = waiting.since + SignedDuration::from_hours(rules.answer_hours);
        Todo {
            verb: "看留言",
            title: "七彩四点半 家长留言".to_owned(),
            detail: format!("{} · {} 条没看", waiting.estate_name, waiting.amount),
            href: format!("/children/{}/messages", waiting.child_id),
            due,
            deadline: show::deadline(due, now, true),
        }
    });
    Ok(todo.collect())
}

/// With the child's record all goes that was written about it; what went to everybody names nobody.
pub(super) async fn erase(tx: &mut Tx, act: &Act, child: Uuid) -> Result<()> {
    tx.execute(ERASE_COPIES.bind(act.tenant).bind(child)).await?;
    tx.execute(ERASE.bind(act.tenant).bind(child)).await?;
    Ok(())
}

pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules = rules(tx, act).await?;
    let since = act.at - SignedDuration::from_hours(24 * rules.keep_messages_days);
    tx.execute(FORGET_COPIES.bind(act.tenant).bind(since)).await?;
    tx.execute(FORGET.bind(act.tenant).bind(since)).await?;
    Ok(())
}
