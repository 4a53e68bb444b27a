//! Pages: `desk` is where staff and grid workers take needs down and arrange who goes, `kinds` what is offered, `board` what residents see and
//! fill in, `visitor` what a volunteer sees by their link; `rounds` and `walk` the same for those who go from door to door.

mod board;
mod desk;
mod kinds;
mod providers;
mod rounds;
mod visitor;
mod walk;

use db::Tx;
use jiff::civil::DateTime;
use uuid::Uuid;

use super::kind::{self, Kind};
use super::model::{How, Part, Particulars, Wanted};
use super::need::{self, Need, NewNeed};
use super::once;
use crate::access::{Act, Routes};
use crate::app::App;
use crate::error::Result;
use crate::volunteer::Span;
use crate::web::Form;

pub fn routes() -> Routes {
    Routes::default()
        .merge(desk::routes())
        .merge(kinds::routes())
        .merge(board::routes())
        .merge(visitor::routes())
        .merge(rounds::routes())
        .merge(walk::routes())
        .merge(providers::routes())
}

type Options = Vec<(String, String)>;

/// The kinds of which something new can be taken down.
async fn offered(tx: &mut Tx, tenant: Uuid) -> Result<Vec<Kind>> {
    let kinds = kind::kinds(tx, tenant).await?;
    Ok(kinds.into_iter().filter(|kind| kind.ended_at.is_none()).collect())
}

fn kind_options(kinds: &[Kind]) -> Options {
    let name = |kind: &Kind| match &kind.estate_name {
        Some(estate) => format!("{}（{estate}）", kind.name),
        None => kind.name.clone(),
    };
    kinds.iter().map(|kind| (kind.id.to_string(), name(kind))).collect()
}

const DAYS: [(&str, &str); 7] =
    [("1", "周一"), ("2", "周二"), ("3", "周三"), ("4", "周四"), ("5", "周五"), ("6", "周六"), ("7", "周日")];

fn part_options() -> Vec<(&'static str, &'static str)> {
    Part::ALL.iter().map(|part| (part.code(), part.label())).collect()
}

/// A day and from when to when.
fn read_span(form: &mut Form) -> Option<Span> {
    let mut read = |time: &'static str, missing: &str| {
        let text = format!("{}T{}", form.value("day").trim(), form.value(time).trim());
        let at = text.parse::<DateTime>().ok().and_then(|at| at.to_zoned_datetime(calendar::shanghai()).ok());
        if at.is_none() {
            form.fail(time, missing);
        }
        at.map(|at| at.timestamp())
    };
    let starts_at = read("from", "请选择哪一天、几点开始")?;
    let ends_at = read("until", "请选择几点结束")?;
    Some(Span { starts_at, ends_at })
}

/// When it suits: nothing chosen is whenever.
fn read_wanted(form: &Form) -> Wanted {
    let days = form.values("day").collect::<Vec<_>>().join(",");
    Wanted::read(&days, &form.values("part").collect::<Vec<_>>().join(","))
}

fn fill_wanted(form: &mut Form, wanted: &Wanted) {
    for day in &wanted.days {
        form.add("day", day.to_string());
    }
    for part in &wanted.parts {
        form.add("part", part.code());
    }
}

/// What is said of a need, but where it is. Words that stand open to whoever goes there hold no number.
fn read_said(form: &mut Form, kinds: &Options, how: How) -> Option<(Uuid, Particulars, Option<How>)> {
    let kind =
        form.choice("kind", "哪一类", |id| id.parse().ok().filter(|_| kinds.iter().any(|(known, _)| known == id)));
    let sentence = "电话请写在“电话”一栏，身份证号不用写";
    let words = form.open_text("words", "具体需要什么", 0..=300, sentence);
    let keeps = form.is("keeps", "yes").then_some(how);
    let written = !form.value("name").trim().is_empty() || !form.value("phone").trim().is_empty();
    let mut particulars = Particulars { words, ..Particulars::default() };
    if written {
        if keeps.is_none() {
            form.fail("keeps", "本人同意了才能记姓名和电话；不同意就把这两栏空着");
        }
        if !form.value("name").trim().is_empty() {
            particulars.name = form.person_name("name").unwrap_or_default();
        }
        particulars.phone = form.optional_phone("phone").unwrap_or_default();
    }
    Some((kind?, particulars, keeps))
}

/// An empty form that makes what it makes once.
fn fresh(app: &App) -> Form {
    Form::filled(&[(once::FIELD, &app.means.id().to_string())])
}

async fn file_once(tx: &mut Tx, act: &Act, form: &Form, new: NewNeed) -> Result<Need> {
    let filed = need::file(tx, act, new).await?;
    once::note(tx, act, form, (filed.id, None)).await?;
    Ok(filed)
}

/// All of a new need; `None`, and errors in the form, if something is not right.
async fn read_need(
    tx: &mut Tx,
    act: &Act,
    form: &mut Form,
    (kinds, buildings): (&Options, &Options),
    how: How,
) -> Result<Option<NewNeed>> {
    let said = read_said(form, kinds, how);
    let listed = |id: &str| buildings.iter().any(|(known, _)| known == id);
    let building: Option<Uuid> = form.choice("building", "哪栋楼", |id| id.parse().ok().filter(|_| listed(id)));
    let (unit, room) = (form.text("unit", "单元", 0..=10), form.text("room", "房号", 1..=10));
    let Some(building) = building.filter(|_| form.error("room").is_none()) else { return Ok(None) };
    let found = need::door(tx, act, building, &unit, &room).await;
    let dwelling = form.noted("room", found)?;
    let (Some((kind, particulars, keeps)), Some(dwelling)) = (said, dwelling) else { return Ok(None) };
    let (wanted, shares) = (read_wanted(form), form.is("shares", "yes"));
    Ok(form.ok().then_some(NewNeed { kind, dwelling, building, particulars, wanted, keeps, shares }))
}
