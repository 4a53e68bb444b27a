//! What becomes of one item, as whoever records the meeting writes it down, and the papers for a secret vote on it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::{Json, Tx};
use jiff::Timestamp;
use uuid::Uuid;

use super::page::{change, check_public, done, people};
use crate::access::{self, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::issue::{self, NAMES_SOMEBODY};
use crate::meeting::decision::{self, Ballot, Count, Decision, Execution, Resolution};
use crate::meeting::model::{Kind, Outcome};
use crate::meeting::preparation;
use crate::meeting::rule::{Counted, Motion};
use crate::meeting::store::{self, Heads, Item, Meeting, Opinion};
use crate::web::{Form, Shell, page, page_again};

pub fn routes() -> Routes {
    use Permission::MeetingHold;
    Routes::default()
        .get("/meetings/{id}/items/{item}", MeetingHold, show)
        .post("/meetings/{id}/items/{item}", MeetingHold, decide)
        .get("/meetings/{id}/items/{item}/ballots", MeetingHold, show_ballots)
}

#[derive(Template)]
#[template(path = "meeting/web/item.html")]
struct ItemPage {
    shell: Shell,
    meeting: Meeting,
    item: Item,
    heads: Heads,
    /// The rules by which it can be voted on, each with what is voted on.
    rules: Vec<(Motion, Counted)>,
    opinions: Vec<Opinion>,
    organisations: Vec<(String, String)>,
    form: Form,
}

/// The two who count a secret vote, each on their own.
const TELLERS: [(&str, &str); 2] = [("a", "计票人甲"), ("b", "计票人乙")];

impl ItemPage {
    fn decisions(&self) -> Vec<(&'static str, &'static str)> {
        let settle = match (self.meeting.kind.votes(), self.meeting.kind.agrees()) {
            (true, _) => ("vote", "表决"),
            (_, true) => ("agree", "大家商定"),
            _ => ("hold", "讲完了、办完了"),
        };
        vec![settle, ("defer", "下次再议"), ("drop", "不再议")]
    }

    fn resolution_hint(&self) -> &'static str {
        match self.meeting.kind.private() {
            true => "写进会议记录，不公开。",
            false => "居民看得到，不写姓名、门牌、电话。",
        }
    }

    fn owner_hint(&self) -> &'static str {
        match self.meeting.kind.by_roll() {
            true => "要人去办的才填，散会时直接派给它。",
            false => "散会时直接派给它。",
        }
    }

    fn motions(&self) -> Vec<(&'static str, &'static str)> {
        self.rules.iter().map(|(motion, _)| (motion.code(), motion.label())).collect()
    }

    fn tellers(&self) -> [(&'static str, &'static str); 2] {
        TELLERS
    }
}

async fn item_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, item: Uuid, form: Form) -> Result<ItemPage> {
    let mut tx = app.db.read().await?;
    let meeting = store::meeting_for(&mut tx, viewer, id, Permission::MeetingHold).await?;
    let item = store::item(&mut tx, viewer.tenant, id, item).await?;
    let heads = store::heads(&mut tx, viewer.tenant, id).await?;
    let mut rules = Vec::new();
    for motion in decision::motions(meeting.kind, &item) {
        rules.push((*motion, preparation::counted(&mut tx, viewer.tenant, &meeting, *motion).await?));
    }
    let mut opinions = store::opinions(&mut tx, viewer.tenant, id).await?;
    opinions.retain(|opinion| opinion.item_id == Some(item.id));
    let organisations = access::organisations(&mut tx, viewer.tenant).await?;
    let organisations = organisations.into_iter().map(|party| (party.id.to_string(), party.name)).collect();
    Ok(ItemPage { shell, meeting, item, heads, rules, opinions, organisations, form })
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, item)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let mut shown = item_page(&app, &viewer, shell, id, item, Form::default()).await?;
    shown.form = written_down(&shown.item);
    if let ("", Some((motion, _))) = (shown.form.value("motion"), shown.rules.first()) {
        shown.form.set("motion", motion.code());
    }
    page(&shown)
}

/// What has been decided already, to be written down anew.
fn written_down(item: &Item) -> Form {
    let mut form = Form::default();
    form.set("seen", item.decided_at.map_or(0, Timestamp::as_millisecond).to_string());
    form.set("discussion", item.discussion.as_str());
    form.set("resolution", item.resolution.as_str());
    form.set("public_words", item.public_words.as_str());
    form.set("organisation", item.organisation_id.map(|id| id.to_string()).unwrap_or_default());
    if let Some(due) = item.due_at {
        form.set("due", due.to_zoned_datetime(calendar::shanghai()).date().to_string());
    }
    let decision = match (item.outcome, item.yes) {
        (Outcome::Pending, _) => "",
        (_, Some(_)) => "vote",
        (Outcome::Resolved | Outcome::Rejected, None) => "agree",
        (Outcome::Held, _) => "hold",
        (Outcome::Deferred, _) => "defer",
        (Outcome::Dropped, _) => "drop",
    };
    form.set("decision", decision);
    if let Some(Json(ballot)) = &item.ballot {
        form.set("motion", ballot.motion.code());
        let Count { yes, no, abstain, invalid } = ballot.count;
        let counts = [("yes", yes), ("no", no), ("abstain", abstain), ("invalid", invalid)];
        for (name, count) in counts {
            form.set(name, count.to_string());
            for (teller, _) in TELLERS {
                form.set(&format!("{teller}-{name}"), count.to_string());
            }
        }
        for ((teller, _), name) in TELLERS.iter().zip(&ballot.tellers) {
            form.set(&format!("{teller}-name"), name.as_str());
        }
        form.set("written", ballot.written.to_string());
        form.set("left_out", ballot.left_out.to_string());
        form.set("left_out_why", ballot.left_out_why.as_str());
    }
    form
}

async fn decide(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, item)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let discussion = form.text("discussion", "讨论意见", 0..=2000);
    let mut tx = app.db.read().await?;
    let meeting = store::meeting_for(&mut tx, &viewer, id, Permission::MeetingHold).await?;
    let motions = decision::motions(meeting.kind, &store::item(&mut tx, viewer.tenant, id, item).await?);
    drop(tx);
    let decision = read_decision(&mut form, meeting.kind, motions);
    let (Some(decision), true) = (decision, form.ok()) else {
        return page_again(&item_page(&app, &viewer, shell, id, item, form).await?);
    };
    let seen = form.value("seen").parse::<i64>().ok().filter(|seen| *seen > 0);
    let seen = seen.and_then(|seen| Timestamp::from_millisecond(seen).ok());
    let (mut tx, act, meeting) = change(&app, &viewer, id).await?;
    let decided = match named(&mut tx, &app, &viewer, &meeting, item, &decision).await? {
        Some((field, sentence)) => Err((field, sentence)),
        None => match decision::decide(&mut tx, &act, &meeting, (item, seen), &discussion, decision).await {
            Err(Error::Refused(sentence)) => Err(("decision", sentence)),
            other => Ok(other?),
        },
    };
    match decided {
        Ok(outcome) => done(tx, id, &format!("已记下：{outcome}")).await,
        // What was written down at a meeting must not be lost because a number or a word is wrong.
        Err((field, sentence)) => {
            drop(tx);
            form.fail(field, sentence);
            page_again(&item_page(&app, &viewer, shell, id, item, form).await?)
        }
    }
}

/// The field in which public words name somebody, and what is said about it.
async fn named(
    tx: &mut Tx,
    app: &App,
    viewer: &Viewer,
    meeting: &Meeting,
    item: Uuid,
    decision: &Decision,
) -> Result<Option<(&'static str, String)>> {
    let (Decision::Vote { resolution, .. } | Decision::Agree(resolution)) = decision else { return Ok(None) };
    let (field, words) = match meeting.kind.private() {
        true => ("public_words", &resolution.public_words),
        false => ("resolution", &resolution.text),
    };
    let of_meeting = people(tx, app, viewer.tenant, meeting.id).await?;
    if let Some((_, name)) = of_meeting.iter().find(|(_, name)| words.contains(name.as_str())) {
        return Ok(Some((
            field,
            format!("这段文字居民都能看到，里面有“{name}”的姓名，请改成“一位党员”“一位居民”这样的说法"),
        )));
    }
    let Some(issue) = store::item(tx, viewer.tenant, meeting.id, item).await?.issue_id else { return Ok(None) };
    let act = app.act(viewer, Permission::MeetingHold)?;
    let issue = issue::issue(tx, act.tenant, issue).await?;
    let knows = viewer.may(Permission::IssueFile);
    let found = issue::names_somebody(tx, &act, &issue, words, knows).await?;
    Ok(found.then(|| (field, NAMES_SOMEBODY.to_owned())))
}

fn read_decision(form: &mut Form, kind: Kind, motions: &[Motion]) -> Option<Decision> {
    let known = ["vote", "agree", "hold", "defer", "drop"];
    let decision = form.choice("decision", "怎么定", |code| known.into_iter().find(|known| *known == code))?;
    match decision {
        "hold" => Some(Decision::Hold),
        "defer" => Some(Decision::Defer),
        "drop" => Some(Decision::Drop),
        "agree" => read_resolution(form, kind).map(Decision::Agree),
        _ => {
            let resolution = read_resolution(form, kind);
            let ballot = read_ballot(form, motions);
            Some(Decision::Vote { ballot: ballot?, resolution: resolution? })
        }
    }
}

fn read_resolution(form: &mut Form, kind: Kind) -> Option<Resolution> {
    let text = form.text("resolution", "决议", 4..=300);
    if !kind.private() {
        check_public(form, "resolution");
    }
    // What those on a roll resolve need not be carried out by somebody.
    if kind.by_roll() && form.value("organisation").is_empty() && form.value("due").is_empty() {
        return Some(Resolution { text, ..Resolution::default() });
    }
    let organisation = form.choice("organisation", "谁来办", |id| id.parse::<Uuid>().ok());
    let due_at = form.last_day("due", "什么时候前办完");
    let public_words = match kind.private() {
        true => form.text("public_words", "居民看得到的说法", 4..=60),
        false => String::new(),
    };
    check_public(form, "public_words");
    Some(Resolution { text, public_words, execution: Some(Execution { organisation: organisation?, due_at: due_at? }) })
}

fn read_ballot(form: &mut Form, motions: &[Motion]) -> Option<Ballot> {
    let motion = match motions {
        [only] => *only,
        _ => form.choice("motion", "表决什么", Motion::parse)?,
    };
    if !motion.secret() {
        let (yes, no, abstain) =
            (count(form, "yes", "赞成"), count(form, "no", "反对"), count(form, "abstain", "弃权"));
        return Some(Ballot { motion, ..Ballot::hands(yes?, no?, abstain?) });
    }
    let mut counts = Vec::new();
    let mut tellers = Vec::new();
    for (teller, label) in TELLERS {
        let of = |name: &str| format!("{teller}-{name}");
        tellers.push(form.text(&of("name"), label, 2..=30));
        let (yes, no) = (count(form, &of("yes"), "赞成"), count(form, &of("no"), "反对"));
        let (abstain, invalid) = (count(form, &of("abstain"), "弃权"), count(form, &of("invalid"), "废票"));
        counts.extend(yes.zip(no).zip(abstain.zip(invalid)));
    }
    if tellers[0] == tellers[1] && form.ok() {
        form.fail("b-name", "两位计票人要是两个人");
    }
    let left_out_of = motion.leaves_out() && !form.value("left_out").trim().is_empty();
    let (written, left_out) = (
        if motion.takes_written() { count(form, "written", "书面同意") } else { Some(0) },
        if left_out_of { count(form, "left_out", "不计入") } else { Some(0) },
    );
    let left_out_why = form.text("left_out_why", "不计入的依据", 0..=200);
    if left_out.is_some_and(|people| people > 0) && left_out_why.is_empty() {
        form.fail("left_out_why", "请写不计入应到会人数的依据，如“报上级党委批准，因病不能参加选举”");
    }
    let [((yes, no), (abstain, invalid)), second] = counts.try_into().ok()?;
    let first = ((yes, no), (abstain, invalid));
    if first != second {
        let differ = [
            ("赞成", yes, second.0.0),
            ("反对", no, second.0.1),
            ("弃权", abstain, second.1.0),
            ("废票", invalid, second.1.1),
        ];
        let differ: Vec<String> =
            differ.iter().filter(|(_, a, b)| a != b).map(|(name, a, b)| format!("{name} {a} 和 {b}")).collect();
        form.fail("b-yes", format!("两位计票人数得不一样：{}。请重新数一遍", differ.join("，")));
    }
    let count = Count { yes, no, abstain, invalid };
    Some(Ballot { motion, count, written: written?, left_out: left_out?, left_out_why, tellers })
}

fn count(form: &mut Form, name: &str, label: &str) -> Option<i64> {
    let count = codes::text::half_width(form.value(name).trim()).parse::<i64>().ok().filter(|count| *count >= 0);
    if count.is_none() {
        form.fail(name, format!("请填{label}几票，没有填 0"));
    }
    count
}

#[derive(Template)]
#[template(path = "meeting/web/ballots.html")]
struct BallotsPage {
    shell: Shell,
    meeting: Meeting,
    item: Item,
    /// One for each who may vote and is there, or should be.
    number: i64,
}

async fn show_ballots(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, item)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let meeting = store::meeting_for(&mut tx, &viewer, id, Permission::MeetingHold).await?;
    let item = store::item(&mut tx, viewer.tenant, id, item).await?;
    let heads = store::heads(&mut tx, viewer.tenant, id).await?;
    let number = if heads.voters > 0 { heads.voters } else { heads.eligible };
    page(&BallotsPage { shell, meeting, item, number })
}
