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
use crate::board;
use crate::error::{Error, Result};
use crate::issue::{self, NAMES_SOMEBODY};
use crate::meeting::decision::wants_owners;
use crate::meeting::decision::{self, Ballot, Count, Decision, Execution, Lesson, Resolution};
use crate::meeting::election::Election;
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
    /// It is the owners' to decide, and they have not agreed.
    wants_owners: bool,
    may_override: bool,
    form: Form,
}

/// The two who count a secret vote, each on their own.
const TELLERS: [(&str, &str); 2] = [("a", "计票人甲"), ("b", "计票人乙")];

impl ItemPage {
    fn decisions(&self) -> Vec<(&'static str, &'static str)> {
        let kind = self.meeting.kind;
        let mut decisions = Vec::new();
        decisions.extend(kind.votes().then_some(("vote", "表决")));
        decisions.extend(kind.agrees().then_some(("agree", "大家商定")));
        // What is only taught, heard or done needs no vote.
        decisions.extend(kind.by_roll().then_some(("hold", "讲完了、办完了")));
        decisions.extend([("defer", "下次再议"), ("drop", "不再议")]);
        decisions
    }

    /// Of an election, who is elected says all.
    fn resolution_label(&self) -> &'static str {
        if self.item.election.is_some() { "还要记的（可不写）" } else { "做什么" }
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

    /// Who stands, in the order of the paper.
    fn candidates(&self) -> &[String] {
        self.item.election.as_ref().map_or(&[], |Json(election)| &election.candidates)
    }

    fn seats(&self) -> i64 {
        self.item.election.as_ref().map_or(0, |Json(election)| election.seats)
    }

    fn by_hands(&self) -> bool {
        self.rules.iter().any(|(motion, _)| !motion.secret())
    }

    fn by_paper(&self) -> bool {
        self.rules.iter().any(|(motion, _)| motion.secret())
    }

    fn takes_written(&self) -> bool {
        self.rules.iter().any(|(motion, _)| motion.takes_written())
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
    let wants_owners = wants_owners(&mut tx, viewer.tenant, &item).await?;
    let may_override = viewer.may(Permission::OwnersOverride);
    Ok(ItemPage { shell, meeting, item, heads, rules, opinions, organisations, wants_owners, may_override, form })
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, item)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let mut shown = item_page(&app, &viewer, shell, id, item, Form::default()).await?;
    shown.form = written_down(&shown.item);
    if shown.form.value("motion").is_empty() {
        shown.form.set("motion", decision::expected(shown.meeting.kind, &shown.item).code());
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
    form.set("without_owners", item.without_owners.as_deref().unwrap_or_default());
    form.set("organisation", item.organisation_id.map(|id| id.to_string()).unwrap_or_default());
    if let Some(due) = item.due_at {
        form.set("due", due.to_zoned_datetime(calendar::shanghai()).date().to_string());
    }
    form.set("speaker", item.speaker.as_deref().unwrap_or_default());
    form.set("half_hours", item.half_hours.unwrap_or(2).to_string());
    if item.by_secretary {
        form.set("by_secretary", "1");
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
        for (number, (_, votes)) in ballot.votes.iter().enumerate() {
            for (teller, _) in TELLERS {
                form.set(&votes_of(teller, number), votes.to_string());
            }
        }
        form.set("written", ballot.written.to_string());
        form.set("left_out", ballot.left_out.to_string());
        form.set("left_out_why", ballot.left_out_why.as_str());
    }
    form
}

/// The field in which a teller says how many votes a candidate has got.
fn votes_of(teller: &str, number: usize) -> String {
    format!("{teller}-votes-{number}")
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
    let on_agenda = store::item(&mut tx, viewer.tenant, id, item).await?;
    drop(tx);
    if !viewer.may(Permission::OwnersOverride) {
        form.set("without_owners", "");
    }
    let decision = read_decision(&mut form, &meeting, &on_agenda);
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
    // It will hang on the board, where nothing can be put that names a resident.
    match board::check_words(tx, viewer.tenant, Some(meeting.estate_id), "这段文字", words).await {
        Err(Error::Refused(sentence)) => return Ok(Some((field, sentence))),
        other => other?,
    }
    let Some(issue) = store::item(tx, viewer.tenant, meeting.id, item).await?.issue_id else { return Ok(None) };
    let act = app.act(viewer, Permission::MeetingHold)?;
    let issue = issue::issue(tx, act.tenant, issue).await?;
    let knows = viewer.may(Permission::IssueFile);
    let found = issue::names_somebody(tx, &act, &issue, words, knows).await?;
    Ok(found.then(|| (field, NAMES_SOMEBODY.to_owned())))
}

fn read_decision(form: &mut Form, meeting: &Meeting, item: &Item) -> Option<Decision> {
    let kind = meeting.kind;
    let known = ["vote", "agree", "hold", "defer", "drop"];
    let decision = form.choice("decision", "怎么定", |code| known.into_iter().find(|known| *known == code))?;
    match decision {
        "hold" if kind == Kind::Class => read_lesson(form).map(|lesson| Decision::Hold(Some(lesson))),
        "hold" => Some(Decision::Hold(None)),
        "defer" => Some(Decision::Defer),
        "drop" => Some(Decision::Drop),
        "agree" => read_resolution(form, kind, 4).map(Decision::Agree),
        _ => {
            // Who is elected says all.
            let least = if item.election.is_some() { 0 } else { 4 };
            let resolution = read_resolution(form, kind, least);
            let ballot =
                read_ballot(form, decision::motions(kind, item), item.election.as_ref().map(|Json(known)| known));
            Some(Decision::Vote { ballot: ballot?, resolution: resolution? })
        }
    }
}

fn read_lesson(form: &mut Form) -> Option<Lesson> {
    let speaker = form.text("speaker", "主讲人", 2..=30);
    let half_hours = form.choice("half_hours", "讲了多久", |code| {
        code.parse::<i64>().ok().filter(|half_hours| (1..=16).contains(half_hours))
    });
    Some(Lesson { speaker, half_hours: half_hours?, by_secretary: form.is("by_secretary", "1") })
}

fn read_resolution(form: &mut Form, kind: Kind, least: usize) -> Option<Resolution> {
    let text = form.text("resolution", "决议", least..=300);
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
    let without_owners = form.text("without_owners", "没有业主表决先办的理由", 0..=200);
    let execution = Some(Execution { organisation: organisation?, due_at: due_at? });
    Some(Resolution { text, public_words, execution, without_owners })
}

fn read_ballot(form: &mut Form, motions: &[Motion], election: Option<&Election>) -> Option<Ballot> {
    let motion = match motions {
        [only] => *only,
        _ => form.choice("motion", "表决什么", Motion::parse)?,
    };
    if !motion.secret() {
        let (yes, no, abstain) =
            (count(form, "yes", "赞成"), count(form, "no", "反对"), count(form, "abstain", "弃权"));
        return Some(Ballot { motion, ..Ballot::hands(yes?, no?, abstain?) });
    }
    let candidates: &[String] = election.map_or(&[], |election| &election.candidates);
    let tellers = TELLERS.map(|(teller, label)| form.text(&format!("{teller}-name"), label, 2..=30)).to_vec();
    let counts = TELLERS.map(|(teller, _)| read_count(form, teller, candidates));
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
    let [Some((first, votes)), Some((second, other))] = counts else { return None };
    let mut differ = vec![
        (if candidates.is_empty() { "赞成" } else { "有效票" }, first.yes, second.yes),
        ("反对", first.no, second.no),
        ("弃权", first.abstain, second.abstain),
        ("废票", first.invalid, second.invalid),
    ];
    differ.extend(votes.iter().zip(&other).map(|((name, a), (_, b))| (name.as_str(), *a, *b)));
    differ.retain(|(_, a, b)| a != b);
    if !differ.is_empty() {
        let differ: Vec<String> = differ.iter().map(|(name, a, b)| format!("{name} {a} 和 {b}")).collect();
        form.fail("b-yes", format!("两位计票人数得不一样：{}。请重新数一遍", differ.join("，")));
    }
    Some(Ballot { motion, count: first, written: written?, left_out: left_out?, left_out_why, tellers, votes })
}

/// What one teller has counted: papers for, against, abstaining and invalid, or valid and invalid and the votes of each candidate.
fn read_count(form: &mut Form, teller: &str, candidates: &[String]) -> Option<(Count, Vec<(String, i64)>)> {
    let of = |name: &str| format!("{teller}-{name}");
    if candidates.is_empty() {
        let (yes, no) = (count(form, &of("yes"), "赞成"), count(form, &of("no"), "反对"));
        let (abstain, invalid) = (count(form, &of("abstain"), "弃权"), count(form, &of("invalid"), "废票"));
        return Some((Count { yes: yes?, no: no?, abstain: abstain?, invalid: invalid? }, Vec::new()));
    }
    let (valid, invalid) = (count(form, &of("yes"), "有效票"), count(form, &of("invalid"), "废票"));
    let mut votes = Vec::with_capacity(candidates.len());
    for (number, name) in candidates.iter().enumerate() {
        votes.extend(count(form, &votes_of(teller, number), name).map(|votes| (name.clone(), votes)));
    }
    (votes.len() == candidates.len()).then_some((Count { yes: valid?, no: 0, abstain: 0, invalid: invalid? }, votes))
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
