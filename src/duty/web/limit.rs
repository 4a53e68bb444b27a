//! When somebody can come, and where they must not stand, as parts of the form of their particulars.

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::Options;
use crate::access::{Act, Permission, Viewer};
use crate::duty::limit;
use crate::duty::model::{Peak, weekday_name};
use crate::duty::store::{self, GATES, Gate};
use crate::duty::times::Times;
use crate::error::Result;
use crate::web::Form;

/// What a form says of it.
pub(super) struct Limits {
    times: Times,
    bar: Option<(Uuid, Option<Uuid>)>,
    why: String,
    lifted: Vec<Uuid>,
}

/// The schools within reach, each before its posts, as `school` and `school:gate`.
pub(super) async fn places(tx: &mut Tx, viewer: &Viewer) -> Result<Options> {
    let scope = viewer.scope(Permission::DutyEdit);
    let schools = store::schools(tx, viewer.tenant, &scope).await?;
    let query = GATES.bind(viewer.tenant).bind(scope.account).bind(&scope.roles).bind(Timestamp::MAX);
    let gates: Vec<Gate> = tx.all(query).await?;
    let mut places = Vec::new();
    for school in schools.into_iter().filter(|school| school.closed_at.is_none()) {
        places.push((school.id.to_string(), format!("{}（所有岗位）", school.name)));
        let own = gates.iter().filter(|gate| gate.school_id == school.id);
        places.extend(own.map(|gate| (format!("{}:{}", school.id, gate.id), gate.place())));
    }
    Ok(places)
}

/// Where somebody must not stand, each with why: by its id for the form.
pub(super) async fn bars(tx: &mut Tx, act: &Act, person: Uuid) -> Result<Options> {
    let mut bars = Vec::new();
    for bar in limit::bars_of(tx, act.tenant, person).await? {
        bars.push((bar.id.to_string(), format!("{}（{}）", bar.place(), bar.why(act)?)));
    }
    Ok(bars)
}

/// What is said once the form is saved: what is down already stays, and somebody has to look at it.
pub(super) async fn said(tx: &mut Tx, act: &Act, person: Uuid) -> Result<String> {
    Ok(match limit::against(tx, act, person).await? {
        0 => "已改好".to_owned(),
        n => format!("已改好。已经排了的有 {n} 班和登记的不合，请在“近期的班”里换人"),
    })
}

fn place(places: &Options, code: &str) -> Option<(Uuid, Option<Uuid>)> {
    let (code, _) = places.iter().find(|(known, _)| known == code)?;
    match code.split_once(':') {
        Some((school, gate)) => Some((school.parse().ok()?, Some(gate.parse().ok()?))),
        None => Some((code.parse().ok()?, None)),
    }
}

/// The rows of the table of ticks: every day, and each day of a week.
pub(super) fn days() -> Vec<(i64, &'static str)> {
    [(0, "每天")].into_iter().chain((1..=7).map(|day| (day, weekday_name(day)))).collect()
}

/// The days and peaks that a tick stands for.
fn pairs(tick: &str) -> Vec<(i64, Peak)> {
    let parts = tick.split_once(':').and_then(|(day, peak)| Some((day.parse::<i64>().ok()?, Peak::parse(peak)?)));
    let Some((day, peak)) = parts else { return Vec::new() };
    let days = if day == 0 { 1..=7 } else { day..=day };
    days.map(|day| (day, peak)).collect()
}

/// Fills the ticks in as they are known, a peak of every day as one.
pub(super) fn fill(form: &mut Form, times: Times) {
    for peak in Peak::ALL.iter().copied() {
        let days: Vec<i64> = (1..=7).filter(|day| times.has(*day, peak)).collect();
        let days = if days.len() == 7 { vec![0] } else { days };
        for day in days {
            form.add("times", format!("{day}:{}", peak.code()));
        }
    }
}

/// `bars` are those that can be lifted.
pub(super) fn read(form: &mut Form, places: &Options, bars: &Options) -> Limits {
    let bar = form.optional_choice("bar", "不能站的学校或岗位", |code| place(places, code));
    let why = form.text("bar_why", "为什么不能站", 0..=40);
    if bar.is_some() && why.is_empty() {
        form.fail("bar_why", "请填写为什么不能站，几个字就行");
    }
    if bar.is_none() && !why.is_empty() {
        form.fail("bar", "请选择不能站的学校或岗位");
    }
    let ticked = |day: i64, peak: Peak| form.is("times", &format!("{day}:{}", peak.code()));
    // Of every day and single ones it is not known which is meant: whoever narrows it may have left the former ticked.
    let both = |peak: &Peak| ticked(0, *peak) && (1..=7).any(|day| ticked(day, *peak));
    let unclear: Vec<&str> = Peak::ALL.iter().copied().filter(both).map(|peak| peak.label()).collect();
    if !unclear.is_empty() {
        let peaks = unclear.join("”、“");
        form.fail("times", format!("“{peaks}”勾了“每天”，又勾了单独的几天，请只留一种"));
    }
    let times = Times::of(form.values("times").flat_map(pairs));
    let lifted = bars.iter().filter(|(id, _)| form.is("lift", id)).filter_map(|(id, _)| id.parse().ok()).collect();
    Limits { times, bar, why, lifted }
}

impl Limits {
    /// Errors: refused if somebody is barred there already.
    pub async fn apply(&self, tx: &mut Tx, act: &Act, person: Uuid, before: Times) -> Result<()> {
        if self.times != before {
            limit::set_times(tx, act, person, self.times).await?;
        }
        for bar in &self.lifted {
            limit::lift(tx, act, person, *bar).await?;
        }
        if let Some(place) = self.bar {
            limit::bar(tx, act, person, place, &self.why).await?;
        }
        Ok(())
    }
}
