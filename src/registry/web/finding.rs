//! 变化核对: what surveys have found, one kind at a time, accepted or refused with one tap.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use db::Cursor;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::roll::{self, Offer, Options, Places};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::registry::finding::{self, Count, Decision, Filter, Finding, Kind, ListedBatch};
use crate::registry::model::door_words;
use crate::web::{Form, Shell, page, redirect, show};

pub fn routes() -> Routes {
    use Permission::ResidentEdit;
    Routes::default()
        .get("/residents/changes", ResidentEdit, list)
        .post("/residents/changes/acceptance", ResidentEdit, accept_sure)
        .post("/residents/changes/{finding}/decision", ResidentEdit, decide)
}

const PAGE: usize = 20;
/// So many steps are taken while somebody waits; a batch with more is gone on with by another tap.
const STEPS: usize = 40;

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    batch: String,
    #[serde(default)]
    estate: String,
    #[serde(default)]
    building: String,
    #[serde(default)]
    kind: String,
    after: Option<String>,
}

impl Asked {
    fn filter(&self) -> Filter {
        Filter {
            batch: self.batch.parse().ok(),
            estate: self.estate.parse().ok(),
            building: self.building.parse().ok(),
        }
    }
}

/// Back to the page that somebody came from, with a kind if one is named.
fn query(filter: &Filter, kind: Option<Kind>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(filter.carried());
    kind.into_iter().for_each(|kind| _ = query.append_pair("kind", kind.code()));
    query.finish()
}

/// The filter and the kind that a form carries along.
fn asked(form: &Form) -> (Filter, Option<Kind>) {
    let id = |name: &str| form.value(name).parse().ok();
    let filter = Filter { batch: id("batch"), estate: id("estate"), building: id("building") };
    (filter, Kind::parse(form.value("kind")))
}

/// A finding as the page shows it.
struct Shown {
    id: Uuid,
    kind: Kind,
    resident: Option<Uuid>,
    name: String,
    door: String,
    words: String,
    /// What somebody wrote about it.
    said: String,
    found_at: Timestamp,
    finder: String,
    sure: bool,
    stale: bool,
    decided: Option<Decision>,
}

impl Shown {
    fn of(act: &Act, found: &Finding) -> Result<Shown> {
        let payload = found.payload(act)?;
        let name = found.name.as_deref().or(payload.name()).unwrap_or("这套住房");
        Ok(Shown {
            id: found.id,
            kind: found.kind,
            resident: found.resident_id,
            name: name.to_owned(),
            door: door_words(&found.estate_name, &found.building_name, &found.unit_key, &found.room),
            words: found.words.clone(),
            said: payload.words().to_owned(),
            found_at: found.found_at,
            finder: found.finder.clone().unwrap_or_else(|| found.batch_kind.label().to_owned()),
            sure: found.sure,
            stale: found.stale,
            decided: None,
        })
    }

    /// What the two buttons say.
    fn accepts(&self) -> &'static str {
        match self.kind {
            Kind::MovedIn if self.resident.is_some() => "改到这一户",
            Kind::MovedIn | Kind::Born => "登记进来",
            Kind::MovedOut => "登记为迁出",
            Kind::Died => "登记为去世",
            Kind::Phone | Kind::Particular => "改成新的",
            Kind::Clash => "用后写的",
            Kind::Turned60 | Kind::Turned80 | Kind::BecameAlone => "知道了",
        }
    }

    fn refuses(&self) -> &'static str {
        match self.kind {
            Kind::MovedIn | Kind::Born => "不登记",
            Kind::MovedOut => "没有迁出",
            Kind::Clash => "用现在的",
            Kind::Phone | Kind::Particular => "不改",
            _ => "没有这回事",
        }
    }
}

#[derive(Template)]
#[template(path = "registry/web/findings.html")]
struct FindingsPage {
    shell: Shell,
    form: Form,
    filter: Filter,
    kind: Option<Kind>,
    counts: Vec<Count>,
    found: Vec<Card>,
    batches: Vec<(String, String)>,
    estates: Options,
    buildings: Options,
    /// The batch whose sure findings can be accepted together, and how many those are.
    sure: Option<(Uuid, i64)>,
    next: Option<String>,
    may_import: bool,
}

impl FindingsPage {
    fn of_kind(&self, kind: &Kind) -> String {
        query(&self.filter, Some(*kind))
    }

    fn is_on(&self, kind: &Kind) -> bool {
        self.kind.as_ref() == Some(kind)
    }
}

/// One finding; on its own what takes its place once it has been decided.
#[derive(Template)]
#[template(path = "registry/web/finding.html")]
struct Card {
    shell: Shell,
    filter: Filter,
    found: Shown,
}

impl Filter {
    /// What a form carries along.
    fn carried(&self) -> Vec<(&'static str, String)> {
        let ids = [("batch", self.batch), ("estate", self.estate), ("building", self.building)];
        ids.into_iter().filter_map(|(name, id)| Some((name, id?.to_string()))).collect()
    }
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentEdit)?;
    let scope = viewer.scope(Permission::ResidentEdit);
    let filter = asked.filter();
    let mut tx = app.db.read().await?;
    let counts = finding::counts(&mut tx, viewer.tenant, &scope, &filter).await?;
    // One kind at a time; the first of which there is something, unless somebody chose.
    let chosen = Kind::parse(&asked.kind).filter(|kind| counts.iter().any(|count| count.kind == *kind));
    let kind = chosen.or(counts.first().map(|count| count.kind));
    let after = asked.after.and_then(|after| after.parse().ok()).unwrap_or(Cursor::FIRST);
    let (mut found, mut next) = (Vec::new(), None);
    if let Some(kind) = kind {
        let listed = finding::list(&mut tx, viewer.tenant, &scope, (&filter, kind), after, PAGE).await?;
        next = listed.next.map(|after| format!("/residents/changes?{}&after={after}", query(&filter, Some(kind))));
        for item in &listed.items {
            found.push(Card { shell: shell.clone(), filter, found: Shown::of(&act, item)? });
        }
    }
    let batches = finding::batches(&mut tx, viewer.tenant, &scope).await?;
    let only = batches.first().filter(|_| batches.len() == 1).map(|batch| batch.batch_id);
    let many = counts.iter().map(|count| count.sure).sum();
    let sure = filter.batch.or(only).filter(|_| many > 0).map(|batch| (batch, many));
    let chosen = (filter.estate, None);
    let Places { estates, buildings, .. } =
        roll::places(&mut tx, viewer.tenant, &scope, chosen, Offer::Everything).await?;
    let form = Form::filled(&[("batch", &asked.batch), ("estate", &asked.estate), ("building", &asked.building)]);
    let batches = batches.iter().map(|batch| (batch.batch_id.to_string(), batch_words(batch))).collect();
    let may_import = viewer.may(Permission::RegistryImport);
    page(&FindingsPage {
        shell,
        form,
        filter,
        kind,
        counts,
        found,
        batches,
        estates,
        buildings,
        sure,
        next,
        may_import,
    })
}

/// `登记表 王府名苑2026.xlsx（2026年11月24日 星期二，35 条）`
fn batch_words(batch: &ListedBatch) -> String {
    format!("{}（{}，{} 条）", batch.title(), show::day(&batch.found_at), batch.amount)
}

async fn decide(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentEdit)?;
    let scope = viewer.scope(Permission::ResidentEdit);
    let mut tx = app.db.begin().await?;
    let found = finding::finding(&mut tx, viewer.tenant, &scope, id).await?;
    let decision = Decision::parse(form.value("decision")).ok_or_else(|| Error::refused("请选择采纳还是不采纳"))?;
    let mut shown = Shown::of(&act, &found)?;
    let sentence = match finding::decide(&mut tx, &act, &found, decision, form.is("anyway", "yes")).await {
        Ok(()) => {
            tx.commit().await?;
            shown.decided = Some(decision);
            format!("{decision}：{} {}", shown.name, found.kind)
        }
        // Nothing has been written. The same card comes back and says why.
        Err(Error::Stale(sentence) | Error::Refused(sentence)) => {
            drop(tx);
            shown.stale = true;
            shown.said.clone_from(&sentence);
            sentence
        }
        Err(error) => return Err(error),
    };
    let (filter, kind) = asked(&form);
    if headers.contains_key("hx-request") {
        return page(&Card { shell, filter, found: shown });
    }
    Ok(redirect(&format!("/residents/changes?{}", query(&filter, kind.or(Some(found.kind)))), &sentence))
}

/// Accepts everything sure of a batch, step by step.
async fn accept_sure(State(app): State<App>, viewer: Viewer, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentEdit)?;
    let scope = viewer.scope(Permission::ResidentEdit);
    let (filter, _) = asked(&form);
    let to = format!("/residents/changes?{}", query(&filter, None));
    let filter = Filter { batch: form.value("of").parse().ok(), ..filter };
    if filter.batch.is_none() {
        return Ok(redirect(&to, "请先选一次登记表或敲门行动，再一起采纳"));
    }
    let (mut accepted, mut after) = (0, Uuid::nil());
    for _ in 0..STEPS {
        let (some, last) = finding::accept_some(&app.db, &act, &scope, &filter, after).await?;
        accepted += some;
        let Some(last) = last else { break };
        after = last;
    }
    Ok(redirect(&to, &format!("已采纳 {accepted} 条有把握的，其余的请一条一条看")))
}
