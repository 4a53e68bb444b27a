//! Trying a version out on a day. What happens stands in the address, so that it can be kept and printed; nothing is written but who tried out
//! which version.

use askama::Template;
use axum::extract::{Path, RawQuery, State as Shared};
use axum::response::Response;
use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use super::{Options, PaperPage, compare, mark, number, reached, to};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::deployment::comparison::Parts;
use crate::deployment::model::clock;
use crate::deployment::paper;
use crate::deployment::simulation::{Event, EventKind, Force, MOST_PEOPLE, Manned, Simulation, Verdict, simulate};
use crate::deployment::store::{self, Plan};
use crate::duty::{self, Guarded, School};
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect, show};

pub fn routes() -> Routes {
    use Permission::DutyRead;
    Routes::default()
        .get("/deployment-plans/{id}/simulation", DutyRead, show)
        .post("/deployment-plans/{id}/simulation", DutyRead, try_out)
        .get("/deployment-plans/{id}/simulation/paper", DutyRead, print)
}

/// So many events at most.
const MOST_EVENTS: usize = 12;

/// What an address or a form asks for.
#[derive(Debug, Clone, Default)]
struct Asked {
    day: Option<Date>,
    /// Another version beside the first.
    other: Option<Uuid>,
    events: Vec<Event>,
}

fn a_day(text: &str) -> Option<Date> {
    text.trim().parse::<Date>().ok().filter(|date| (2000..=2200).contains(&date.year()))
}

impl Asked {
    fn of<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Asked {
        let mut asked = Asked::default();
        for (name, value) in fields {
            match name {
                "day" => asked.day = a_day(value),
                "other" => asked.other = value.parse().ok(),
                "event" => asked.events.extend(value.parse::<Event>().ok()),
                _ => {}
            }
        }
        asked.events.truncate(MOST_EVENTS);
        asked
    }

    /// `?day=2026-09-01&other=…&event=…`, without one of the events if it is to go.
    fn query(&self, day: Date, without: Option<usize>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::from("?"));
        query.append_pair("day", &day.to_string());
        if let Some(other) = self.other {
            query.append_pair("other", &other.to_string());
        }
        for (at, event) in self.events.iter().enumerate() {
            if Some(at) != without {
                query.append_pair("event", &event.to_string());
            }
        }
        query.finish()
    }
}

/// A version that was tried out.
struct Tried {
    plan: Plan,
    done: Simulation,
}

/// A line with what becomes of it in each version.
struct Row {
    what: String,
    verdicts: Vec<Verdict>,
    /// Where the events lead without this one; empty for a post.
    without: String,
}

#[derive(Template)]
#[template(path = "deployment/web/simulation.html")]
struct SimulationPage {
    shell: Shell,
    form: Form,
    plan: Plan,
    day: Date,
    tried: Vec<Tried>,
    events: Vec<Row>,
    posts: Vec<Row>,
    /// Why nobody knows whether there is school, each with how many schools it concerns.
    unknown: Vec<(String, usize)>,
    /// As they stand in the address.
    codes: Vec<String>,
    query: String,
    others: Options,
    open_posts: Options,
    schools: Options,
    failed: &'static str,
}

impl SimulationPage {
    fn opened(&self, what: &str) -> bool {
        self.failed == what
    }

    fn version(&self, at: &usize) -> i64 {
        self.tried.get(*at).map_or(0, |tried| tried.plan.version)
    }

    fn written(&self) -> String {
        show::kept_day(&self.day.to_string())
    }
}

fn manned(parts: &Parts) -> Vec<Manned> {
    let post = |post: &store::Post| Manned {
        gate: post.gate_id,
        slot: post.slot_id,
        people: post.people,
        police: post.police,
    };
    parts.posts.iter().map(post).collect()
}

fn forces(parts: &Parts) -> Vec<Force> {
    let force = |reserve: &store::Reserve| {
        let ways = parts.reaches.iter().filter(|reach| reach.reserve_id == reserve.id);
        Force {
            name: reserve.name.clone(),
            people: reserve.people,
            target: reserve.response_minutes,
            minutes: ways.map(|reach| (reach.school_id, reach.minutes)).collect(),
        }
    };
    parts.reserves.iter().map(force).collect()
}

/// `田家会小学 东门 早入校 07:10–08:20`
fn named(need: &Guarded) -> String {
    let hours = format!("{}–{}", clock(need.from), clock(need.to));
    format!("{} {} {} {hours}", need.school_name, need.gate_name, need.peak)
}

fn told(event: &Event, guarded: &[Guarded], schools: &[School]) -> String {
    let school = |id: &Uuid| schools.iter().find(|school| school.id == *id).map_or("", |school| school.name.as_str());
    match event {
        Event::Lost { gate, slot, people } => {
            let post = guarded.iter().find(|one| one.gate == *gate && one.slot == *slot);
            format!("{}：{people} 人没来", post.map_or_else(|| "一个岗".to_owned(), named))
        }
        Event::Crowd { school: id, from, to, people } => {
            format!("{} {}–{} 人群聚集，要另外 {people} 人", school(id), clock(*from), clock(*to))
        }
        Event::Incident { school: id, from, to, people } => {
            format!("{} {}–{} 又一起警情，抽备勤 {people} 人", school(id), clock(*from), clock(*to))
        }
    }
}

/// The day on which a version begins, or today if it has begun.
fn first_day(plan: &Plan, today: Date) -> Date {
    plan.effective_from.parse::<Date>().map_or(today, |from| from.max(today))
}

async fn simulation_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    asked: Asked,
    (form, failed): (Form, &'static str),
) -> Result<SimulationPage> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let plan = reached(&mut tx, viewer, Permission::DutyRead, id).await?;
    let day = asked.day.unwrap_or_else(|| first_day(&plan, duty::day_of(now)));
    let unit = plan.organisation_id;
    let versions = store::versions(&mut tx, viewer.tenant, unit).await?;
    let mut plans = vec![plan.clone()];
    if let Some(other) = asked.other {
        let other = versions.iter().find(|known| known.id == other).ok_or(Error::NotFound)?;
        if other.id != id {
            plans.push(other.clone());
        }
    }
    let (demand, unknown) = duty::demand(&mut tx, viewer.tenant, unit, day, now).await?;
    let guarded = duty::guarded(&mut tx, viewer.tenant, unit, now).await?;
    let schools = duty::schools_of(&mut tx, viewer.tenant, unit).await?;
    let mut tried = Vec::new();
    for plan in plans {
        let parts = store::parts(&mut tx, viewer.tenant, plan.id).await?;
        let done = simulate(&manned(&parts), &forces(&parts), &demand, &asked.events);
        tried.push(Tried { plan, done });
    }
    let verdicts = |of: fn(&Simulation) -> &[Verdict], at: usize| {
        tried.iter().filter_map(|tried| of(&tried.done).get(at).cloned()).collect::<Vec<_>>()
    };
    let events = asked.events.iter().enumerate().map(|(at, event)| Row {
        what: told(event, &guarded, &schools),
        verdicts: verdicts(|done| &done.events, at),
        without: format!("{}/simulation{}", to(id), asked.query(day, Some(at))),
    });
    let events = events.collect();
    let posts = demand.iter().enumerate().map(|(at, need)| Row {
        what: named(need),
        verdicts: verdicts(|done| &done.posts, at),
        without: String::new(),
    });
    let posts = posts.collect();
    let mut questions: Vec<(String, usize)> = Vec::new();
    for one in unknown {
        match questions.iter_mut().find(|(why, _)| *why == one.why) {
            Some((_, count)) => *count += 1,
            None => questions.push((one.why, 1)),
        }
    }
    let open_posts = demand.iter().map(|need| (format!("{}~{}", need.gate.simple(), need.slot.simple()), named(need)));
    let mut form = form;
    form.set("day", day.to_string());
    form.set("other", asked.other.map_or_else(String::new, |other| other.to_string()));
    Ok(SimulationPage {
        shell,
        form,
        day,
        events,
        posts,
        unknown: questions,
        codes: asked.events.iter().map(Event::to_string).collect(),
        query: asked.query(day, None),
        others: compare::others(&versions, &plan),
        open_posts: open_posts.collect(),
        schools: schools.iter().map(|school| (school.id.to_string(), school.name.clone())).collect(),
        plan,
        tried,
        failed,
    })
}

fn in_address(query: Option<String>) -> Asked {
    let query = query.unwrap_or_default();
    let fields: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Asked::of(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

async fn show(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    page(&simulation_page(&app, &viewer, shell, id, in_address(query), (Form::default(), "")).await?)
}

/// One more event, if the form has one; which of the forms was sent is said by `kind`.
async fn added(tx: &mut Tx, viewer: &Viewer, plan: &Plan, form: &mut Form) -> Result<Option<Event>> {
    let Some(kind) = EventKind::parse(form.value("kind")) else { return Ok(None) };
    let schools = duty::schools_of(tx, viewer.tenant, plan.organisation_id).await?;
    if kind == EventKind::Lost {
        let post = form.choice("post", "哪个岗", |text| {
            let (gate, slot) = text.split_once('~')?;
            Some((gate.parse::<Uuid>().ok()?, slot.parse::<Uuid>().ok()?))
        });
        let people = number(form, "lost_people", "少几个人", 1..=MOST_PEOPLE);
        return Ok(post.zip(people).map(|((gate, slot), people)| Event::Lost { gate, slot, people }));
    }
    let [school, from, to, people] = match kind {
        EventKind::Crowd => ["crowd_school", "crowd_from", "crowd_to", "crowd_people"],
        _ => ["incident_school", "incident_from", "incident_to", "incident_people"],
    };
    let found = |id: &str| schools.iter().find(|known| known.id.to_string() == id).map(|known| known.id);
    let school = form.choice(school, "哪所学校", found);
    let (begin, end) = (form.choice(from, "从几点", duty::minute), form.choice(to, "到几点", duty::minute));
    let people = number(form, people, "几个人", 1..=MOST_PEOPLE);
    let (Some(school), Some(begin), Some(end), Some(people)) = (school, begin, end, people) else { return Ok(None) };
    if end <= begin {
        form.fail(to, "结束要在开始以后");
        return Ok(None);
    }
    Ok(Some(match kind {
        EventKind::Crowd => Event::Crowd { school, from: begin, to: end, people },
        _ => Event::Incident { school, from: begin, to: end, people },
    }))
}

/// Leads to the address that says what was tried out, and writes down that it was.
async fn try_out(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyRead)?;
    let mut tx = app.db.begin().await?;
    let plan = reached(&mut tx, &viewer, Permission::DutyRead, id).await?;
    let mut asked = {
        let events = form.values("event").map(|event| ("event", event));
        Asked::of([("day", form.value("day")), ("other", form.value("other"))].into_iter().chain(events))
    };
    if asked.day.is_none() {
        form.fail("day", "请选择推演哪一天");
    }
    if let Some(other) = asked.other {
        let other = reached(&mut tx, &viewer, Permission::DutyRead, other).await?;
        if other.organisation_id != plan.organisation_id {
            return Err(Error::NotFound);
        }
    }
    let kind = EventKind::parse(form.value("kind"));
    let new = added(&mut tx, &viewer, &plan, &mut form).await?;
    if new.is_some() && asked.events.len() >= MOST_EVENTS {
        form.fail("day", format!("一次最多推演 {MOST_EVENTS} 件事，先去掉几件"));
    }
    if form.ok() {
        asked.events.extend(new);
        let day = asked.day.unwrap_or_else(|| first_day(&plan, duty::day_of(act.at)));
        let what = format!("{day}，{} 件事", asked.events.len());
        audit::record(&mut tx, &act, "simulate_plan", ("deployment_plan", id), &what, &[]).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("{}/simulation{}", to(id), asked.query(day, None)), "推演好了"));
    }
    drop(tx);
    let failed = kind.map_or("", EventKind::code);
    page_again(&simulation_page(&app, &viewer, shell, id, asked, (form, failed)).await?)
}

async fn print(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    let shown = simulation_page(&app, &viewer, shell, id, in_address(query), (Form::default(), "")).await?;
    let versions: Vec<String> = shown.tried.iter().map(|tried| format!("第 {} 版", tried.plan.version)).collect();
    let mut facts = vec![("日期", shown.written())];
    let sums = shown.tried.iter().map(|tried| {
        let (breaks, held, minutes) = (tried.done.breaks(), tried.done.held(), tried.done.minutes());
        format!("第 {} 版：守不住 {breaks} 处，备勤顶上 {held} 处，一共 {minutes} 分钟缺人", tried.plan.version)
    });
    facts.push(("结果", sums.collect::<Vec<_>>().join("；")));
    let unknown = shown.unknown.iter().map(|(why, count)| format!("{count} 所学校不知道上不上课：{why}"));
    facts.push(("没有算的", unknown.collect::<Vec<_>>().join("；")));
    let row = |row: &Row| {
        let said = |verdict: &Verdict| {
            let minutes =
                if verdict.uncovered > 0 { format!("，缺人 {} 分钟", verdict.uncovered) } else { String::new() };
            format!("{}{minutes}。{}", verdict.outcome.words(), verdict.why.join("；"))
        };
        let mut cells = vec![row.what.clone()];
        cells.extend(row.verdicts.iter().map(said));
        cells
    };
    let rows = (shown.events.iter().map(row).collect(), shown.posts.iter().map(row).collect());
    let title = format!("{}部署方案推演", shown.plan.organisation_name);
    let mark = mark(&viewer, &app.means.now(), "打印");
    let paper = paper::simulation(&title, &facts, &versions, rows, &mark);
    let back = (format!("{}/simulation{}", to(id), shown.query), "回到推演".to_owned());
    page(&PaperPage { shell: shown.shell, paper, back, file: None })
}
