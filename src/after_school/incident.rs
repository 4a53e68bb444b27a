//! Incidents of the class. Nothing that was written is changed or taken away: whatever is said later is an entry of its own. What a law wants
//! reported at once stays open until it is. The audit log learns that something was done and no word of what: it has readers of its own.

use db::{Cursor, Page, Tx};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::child::{json, read_json};
use super::incident_model::{Concerned, Ending, Kind, Office, Report, Rules, State, Step, codes, labels};
use super::incident_store::{
    self, ADD, ADD_CHILD, ADD_ENTRY, ADD_REPORT, CHILDREN, CLOSE, DISMISS, ENTRIES, ERASE, ERASE_CHILDREN,
    ERASE_ENTRIES, ERASE_OPENINGS, ERASE_REPORTS, FOLLOW, Incident, OLD, OPEN, OPENINGS, Old, REPORTED, REPORTS,
    SUSPECT, SealedChild, SealedEntry, SealedOpening, SealedReport,
};
use super::presence::Keeper;
use crate::access::{Act, Permission, Viewer};
use crate::audit;
use crate::document::{Block, Paper, Table};
use crate::error::{Error, Result};
use crate::settings;
use crate::web::{Todo, show};

/// What somebody writes down first.
pub struct Sketch {
    /// Made with the form, so that a form that comes twice is one incident.
    pub id: Uuid,
    /// Who writes it by their link of the rota; `None` where the account that acts does.
    pub by: Option<Keeper>,
    pub kind: Kind,
    pub estate: Uuid,
    pub happened_at: Timestamp,
    pub children: Vec<(Uuid, Concerned)>,
    pub account: String,
    /// Empty where nothing was done yet.
    pub done: String,
    /// Whom somebody told, and when.
    pub told: Option<(String, Timestamp)>,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: Step,
    /// `None` once they have been kept long enough.
    pub words: Option<String>,
    pub at: Timestamp,
    pub written_at: Timestamp,
    pub account: Uuid,
    pub writer: String,
}

#[derive(Debug, Clone)]
pub struct Told {
    pub offices: String,
    pub report: Report,
    pub reported_at: Timestamp,
    pub recorded_at: Timestamp,
    pub recorded_by: Uuid,
    pub recorder: String,
}

#[derive(Debug, Clone)]
pub struct Reading {
    pub reader: String,
    pub purpose: String,
    pub at: Timestamp,
}

/// What somebody reads of an incident.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// Names with the home and the guardians, as they were when it was written down.
    pub children: Vec<String>,
    pub entries: Vec<Entry>,
    pub reports: Vec<Told>,
}

/// Nobody writes for the program, and no resident does.
fn writer(act: &Act, by: Option<&Keeper>) -> Result<Uuid> {
    by.map(|keeper| keeper.id).or(act.account).ok_or(Error::Forbidden)
}

async fn rules(tx: &mut Tx, act: &Act) -> Result<Rules> {
    settings::read(tx, act.tenant, act.at).await
}

async fn add_entry(tx: &mut Tx, act: &Act, incident: Uuid, kind: Step, words: &str, at: Timestamp) -> Result<()> {
    add_entry_by(tx, act, None, incident, (kind, words, at)).await
}

async fn add_entry_by(
    tx: &mut Tx,
    act: &Act,
    by: Option<&Keeper>,
    incident: Uuid,
    (kind, words, at): (Step, &str, Timestamp),
) -> Result<()> {
    let row = ADD_ENTRY.bind(act.tenant).bind(act.id()).bind(incident).bind(kind);
    let row = row.bind(act.seal("class incident", words)?).bind(at).bind(act.at).bind(writer(act, by)?);
    tx.execute(row.bind(by.map(|keeper| keeper.name.as_str()))).await?;
    Ok(())
}

/// Without a word of what was written.
async fn note(tx: &mut Tx, act: &Act, action: &str, incident: Uuid) -> Result<()> {
    audit::record(tx, act, action, ("class_incident", incident), "", &[]).await
}

/// Writes down what happened; `false` where this form has been written down already.
///
/// Errors: refused of what is still to come or too long ago, and of somebody who was told before it happened.
pub async fn write(tx: &mut Tx, act: &Act, sketch: &Sketch) -> Result<bool> {
    if sketch.happened_at > act.at || sketch.told.as_ref().is_some_and(|(_, at)| *at > act.at) {
        return Err(Error::refused("时间还没有到，请核对"));
    }
    let rules = rules(tx, act).await?;
    if sketch.happened_at < act.at - SignedDuration::from_hours(24 * rules.earliest_days) {
        return Err(Error::refused("时间太早了，请核对年份"));
    }
    if sketch.told.as_ref().is_some_and(|(_, at)| *at < sketch.happened_at) {
        return Err(Error::refused("告诉别人的时间比事情还早，请核对"));
    }
    let (id, by) = (sketch.id, sketch.by.as_ref());
    let row = ADD.bind(act.tenant).bind(id).bind(sketch.kind).bind(sketch.estate).bind(sketch.happened_at);
    let row = row.bind(act.at).bind(writer(act, by)?).bind(by.map(|keeper| keeper.name.as_str()));
    if tx.execute(row.bind(rules.report_due(sketch.kind, act.at))).await? == 0 {
        return Ok(false);
    }
    for (child, concerned) in &sketch.children {
        let sealed = act.seal("class incident", &json(concerned)?)?;
        tx.execute(ADD_CHILD.bind(act.tenant).bind(id).bind(*child).bind(sealed)).await?;
    }
    add_entry_by(tx, act, by, id, (Step::Account, &sketch.account, sketch.happened_at)).await?;
    if !sketch.done.is_empty() {
        add_entry_by(tx, act, by, id, (Step::Done, &sketch.done, act.at)).await?;
    }
    if let Some((words, at)) = &sketch.told {
        add_entry_by(tx, act, by, id, (Step::Told, words, *at)).await?;
    }
    note(tx, act, "create", id).await?;
    Ok(true)
}

fn refuse_erased(incident: &Incident) -> Result<()> {
    match incident.erased_at {
        Some(_) => Err(Error::refused("保管期满，内容已经删去，不能再补充")),
        None => Ok(()),
    }
}

/// Something is said later. What stands there already stays as it is.
///
/// Errors: refused of a moment that is still to come, of a step that is no saying, and of what is erased.
pub async fn add(tx: &mut Tx, act: &Act, incident: &Incident, kind: Step, words: &str, at: Timestamp) -> Result<()> {
    refuse_erased(incident)?;
    if at > act.at {
        return Err(Error::refused("时间还没有到，请核对"));
    }
    if !Step::ADDED.contains(&kind) {
        return Err(Error::refused("请选补充的是什么"));
    }
    add_entry(tx, act, incident.id, kind, words, at).await?;
    note(tx, act, "add_to_incident", incident.id).await
}

/// It turns out to be a suspected harm, and has to be reported from now on.
///
/// Errors: refused of what is one already, or erased.
pub async fn suspect(tx: &mut Tx, act: &Act, incident: &Incident, words: &str) -> Result<()> {
    refuse_erased(incident)?;
    let rules = rules(tx, act).await?;
    let due = rules.report_due(Kind::Harm, act.at);
    if tx.execute(SUSPECT.bind(act.tenant).bind(incident.id).bind(due)).await? == 0 {
        return Err(Error::refused("已经是疑似侵害，请直接登记报告"));
    }
    add_entry(tx, act, incident.id, Step::Suspected, words, act.at).await?;
    note(tx, act, "suspect_harm", incident.id).await
}

fn stale() -> Error {
    Error::Stale("这件事刚刚有别人动过，请看一下再继续。".to_owned())
}

/// Errors: refused where somebody follows it already; stale if somebody else was first.
pub async fn follow(tx: &mut Tx, act: &Act, incident: &Incident, seen: i64, words: &str) -> Result<()> {
    if incident.state != State::Open {
        return Err(Error::refused(format!("现在是“{}”，不用再点开始跟进", incident.state)));
    }
    if tx.execute(FOLLOW.bind(act.tenant).bind(incident.id).bind(seen).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    add_entry(tx, act, incident.id, Step::Followed, words, act.at).await?;
    note(tx, act, "follow_incident", incident.id).await
}

/// Errors: refused before somebody has followed it, and of a suspected harm that nobody has reported; stale if somebody else was first.
pub async fn close(tx: &mut Tx, act: &Act, incident: &Incident, seen: i64, words: &str) -> Result<()> {
    if incident.unreported() {
        return Err(Error::refused("疑似侵害还没有报告，先报告、登记，再了结"));
    }
    if incident.state != State::Followed {
        return Err(Error::refused(format!("现在是“{}”，跟进以后才能了结", incident.state)));
    }
    if tx.execute(CLOSE.bind(act.tenant).bind(incident.id).bind(seen).bind(act.at)).await? == 0 {
        return Err(stale());
    }
    add_entry(tx, act, incident.id, Step::Closed, words, act.at).await?;
    note(tx, act, "close_incident", incident.id).await
}

/// What was written down twice or by mistake ends without having been followed or reported. It stays as it was written, with the words that say why.
///
/// Errors: refused of what has ended; stale if somebody else was first.
pub async fn dismiss(
    tx: &mut Tx,
    act: &Act,
    incident: &Incident,
    seen: i64,
    (ending, words): (Ending, &str),
) -> Result<()> {
    if incident.state == State::Closed {
        return Err(Error::refused("已经了结，不用再点"));
    }
    let row = DISMISS.bind(act.tenant).bind(incident.id).bind(seen).bind(act.at).bind(ending);
    if tx.execute(row).await? == 0 {
        return Err(stale());
    }
    add_entry(tx, act, incident.id, Step::Closed, &format!("{ending}：{words}"), act.at).await?;
    note(tx, act, "close_incident", incident.id).await
}

/// An office was told. It may be told again, and another too.
///
/// Errors: refused of what need not be reported, where no office is named, and of a moment that is still to come.
pub async fn report(
    tx: &mut Tx,
    act: &Act,
    incident: &Incident,
    (offices, reported_at): (&[Office], Timestamp),
    report: &Report,
) -> Result<()> {
    refuse_erased(incident)?;
    if offices.is_empty() {
        return Err(Error::refused("请选报给了哪个部门"));
    }
    if reported_at > act.at {
        return Err(Error::refused("时间还没有到，请核对"));
    }
    if reported_at < incident.happened_at {
        return Err(Error::refused("报告的时间比事情还早，请核对"));
    }
    if tx.execute(REPORTED.bind(act.tenant).bind(incident.id).bind(reported_at)).await? == 0 {
        return Err(Error::refused("这件事不是疑似侵害；如果是，请先点“发现疑似侵害”"));
    }
    let sealed = act.seal("class incident", &json(report)?)?;
    let row = ADD_REPORT.bind(act.tenant).bind(act.id()).bind(incident.id).bind(codes(offices)).bind(sealed);
    tx.execute(row.bind(reported_at).bind(act.at).bind(writer(act, None)?)).await?;
    note(tx, act, "report_harm", incident.id).await
}

// ---------- reading ----------

/// An incident, whoever asks: who may is for the caller to know.
pub async fn incident(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Incident> {
    incident_store::incident(tx, act.tenant, id).await
}

/// Opens an incident to whoever says why, for a while. The purpose may say something of it, so that it is sealed and not in the audit log.
///
/// Errors: refused of what is erased: there is nothing to open, and a purpose that were written down now would outlive its term.
pub async fn open(tx: &mut Tx, act: &Act, incident: &Incident, purpose: &str) -> Result<()> {
    if incident.erased_at.is_some() {
        return Err(Error::refused("保管期满，内容已经删去，没有要打开的"));
    }
    let rules = rules(tx, act).await?;
    let until = act.at + SignedDuration::from_mins(rules.open_minutes);
    let row = OPEN.bind(act.tenant).bind(act.id()).bind(incident.id).bind(writer(act, None)?);
    tx.execute(row.bind(act.seal("class incident", purpose)?).bind(act.at).bind(until)).await?;
    note(tx, act, "open_incident", incident.id).await
}

/// All of an incident, or only what one account has written.
pub async fn file(tx: &mut Tx, act: &Act, incident: &Incident, only: Option<Uuid>) -> Result<File> {
    let key = |statement: db::Statement| statement.bind(act.tenant).bind(incident.id);
    let children: Vec<SealedChild> = tx.all(key(CHILDREN)).await?;
    let entries: Vec<SealedEntry> = tx.all(key(ENTRIES)).await?;
    let reports: Vec<SealedReport> = tx.all(key(REPORTS)).await?;
    let named = |child: SealedChild| -> Result<String> {
        let Some(sealed) = child.sealed else { return Ok("（保管期满，已删去）".to_owned()) };
        Ok(read_json::<Concerned>(&act.open("class incident", &sealed)?)?.words())
    };
    let entry = |stored: SealedEntry| -> Result<Entry> {
        let words = stored.sealed.map(|sealed| act.open("class incident", &sealed)).transpose()?;
        let SealedEntry { kind, at, written_at, account_id, writer_name, .. } = stored;
        Ok(Entry { kind, words, at, written_at, account: account_id, writer: writer_name.unwrap_or_default() })
    };
    let told = |stored: SealedReport| -> Result<Told> {
        let report = match stored.sealed {
            Some(sealed) => read_json(&act.open("class incident", &sealed)?)?,
            None => Report::default(),
        };
        let SealedReport { offices, reported_at, recorded_at, recorded_by, recorder_name, .. } = stored;
        let recorder = recorder_name.unwrap_or_default();
        Ok(Told { offices: labels(&offices), report, reported_at, recorded_at, recorded_by, recorder })
    };
    let is_theirs = |account: Uuid| only.is_none_or(|only| only == account);
    Ok(File {
        children: children.into_iter().map(named).collect::<Result<_>>()?,
        entries: entries.into_iter().filter(|one| is_theirs(one.account_id)).map(entry).collect::<Result<_>>()?,
        reports: reports.into_iter().filter(|one| is_theirs(one.recorded_by)).map(told).collect::<Result<_>>()?,
    })
}

/// Who has read it, the latest first; at most 50.
pub async fn readings(tx: &mut Tx, act: &Act, incident: Uuid) -> Result<Vec<Reading>> {
    let stored: Vec<SealedOpening> = tx.all(OPENINGS.bind(act.tenant).bind(incident)).await?;
    let open = |stored: SealedOpening| -> Result<Reading> {
        let purpose = stored.purpose_sealed.map(|sealed| act.open("class incident", &sealed)).transpose()?;
        let purpose = purpose.unwrap_or_default();
        Ok(Reading { reader: stored.reader_name.unwrap_or_default(), purpose, at: stored.at })
    };
    stored.into_iter().map(open).collect()
}

pub(super) async fn list(tx: &mut Tx, viewer: &Viewer, before: Cursor, size: usize) -> Result<Page<Incident>> {
    incident_store::list(tx, viewer, before, size).await
}

fn table(columns: &[(&str, u32)], rows: Vec<Vec<String>>) -> Block {
    let columns = columns.iter().map(|(name, width)| ((*name).to_owned(), *width)).collect();
    Block::Table(Table { columns, rows })
}

/// One incident, to be handed over to an office. It is noted that somebody took it out.
///
/// Errors: refused of what is erased.
pub async fn paper(tx: &mut Tx, act: &Act, incident: &Incident) -> Result<Paper> {
    if incident.erased_at.is_some() {
        return Err(Error::refused("保管期满，内容已经删去，没有要移交的"));
    }
    let File { children, entries, reports } = file(tx, act, incident, None).await?;
    let mut paper = Paper::new("七彩四点半 事件记录（保密）");
    paper.facts(&[
        ("类别", incident.kind.to_string()),
        ("发生时间", show::day_and_time(&incident.happened_at)),
        ("小区", incident.estate_name.clone()),
        ("记录人", incident.writer_name.clone().unwrap_or_default()),
        ("记录时间", show::day_and_time(&incident.written_at)),
        ("现在", incident.state.to_string()),
        ("孩子", children.join("；")),
    ]);
    paper.heading("经过和处理");
    let rows = entries.into_iter().map(|entry| {
        let words = entry.words.unwrap_or_else(|| "（保管期满，已删去）".to_owned());
        let [at, written_at] = [entry.at, entry.written_at].map(|moment| show::day_and_time(&moment));
        vec![at, entry.kind.to_string(), words, written_at, entry.writer]
    });
    let columns = [("时间", 17), ("事项", 12), ("内容", 41), ("写下时间", 17), ("记录人", 13)];
    paper.blocks.push(table(&columns, rows.collect()));
    if !reports.is_empty() {
        paper.heading("强制报告");
        let rows = reports.into_iter().map(|told| {
            let Report { by, answer, words } = told.report;
            let [at, recorded_at] = [told.reported_at, told.recorded_at].map(|moment| show::day_and_time(&moment));
            vec![at, told.offices, by, answer, words, recorded_at, told.recorder]
        });
        let columns = [
            ("时间", 16),
            ("报给", 13),
            ("谁报的", 12),
            ("受理编号", 14),
            ("说明", 17),
            ("登记时间", 16),
            ("登记人", 12),
        ];
        paper.blocks.push(table(&columns, rows.collect()));
    }
    paper.signatures(&["移交人", "接收人", "日期"]);
    note(tx, act, "hand_over_incident", incident.id).await?;
    Ok(paper)
}

// ---------- what waits, and what goes ----------

/// A suspected harm comes before all else until an office has been told, whether its time is up or not. No word says which child or where.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::ChildManage) {
        return Ok(Vec::new());
    }
    let rules: Rules = settings::read(tx, viewer.tenant, now).await?;
    let mut todos = Vec::new();
    for incident in incident_store::unreported(tx, viewer).await? {
        let due = incident.report_due_at.unwrap_or(incident.written_at);
        let detail = match due < now {
            true => "法律要求马上报告，已经超时，请现在就打电话",
            false => "法律要求马上报告，打完电话在这里登记",
        };
        todos.push(Todo {
            verb: "报告",
            title: "七彩四点半 强制报告".to_owned(),
            detail: detail.to_owned(),
            href: format!("/class-incidents/{}", incident.id),
            due: Timestamp::UNIX_EPOCH,
            deadline: show::deadline(due, now, true),
        });
    }
    if viewer.may(Permission::IncidentManage) {
        for incident in incident_store::unfollowed(tx, viewer).await? {
            let due = rules.follow_due(incident.written_at);
            todos.push(Todo {
                verb: "跟进",
                title: "七彩四点半 事件记录".to_owned(),
                detail: show::since(incident.written_at, now),
                href: format!("/class-incidents/{}", incident.id),
                due,
                deadline: show::deadline(due, now, true),
            });
        }
        let since = now - SignedDuration::from_hours(24 * rules.settle_days);
        for incident in incident_store::unsettled(tx, viewer, since).await? {
            let followed_at = incident.followed_at.unwrap_or(incident.written_at);
            let due = rules.settle_due(followed_at);
            todos.push(Todo {
                verb: "了结",
                title: "七彩四点半 事件记录".to_owned(),
                detail: show::since(followed_at, now),
                href: format!("/class-incidents/{}", incident.id),
                due,
                deadline: show::deadline(due, now, true),
            });
        }
    }
    Ok(todos)
}

/// Takes the words away that have been kept long enough. That something happened, when and of what kind, and that it was reported, stays.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    let rules = rules(tx, act).await?;
    let days = |days: i64| act.at - SignedDuration::from_hours(24 * days);
    let old = OLD.bind(act.tenant).bind(days(rules.keep_harm_days)).bind(days(rules.keep_incidents_days));
    for Old { id } in tx.all::<Old>(old).await? {
        for statement in [ERASE_CHILDREN, ERASE_ENTRIES, ERASE_REPORTS, ERASE_OPENINGS] {
            tx.execute(statement.bind(act.tenant).bind(id)).await?;
        }
        tx.execute(ERASE.bind(act.tenant).bind(id).bind(act.at)).await?;
        note(tx, act, "erase", id).await?;
    }
    Ok(())
}
