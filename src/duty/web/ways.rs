//! How many minutes it takes from one school to another: a grid that the bureau fills in, with what is missing.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::number;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::duty::school;
use crate::duty::store::{self, School};
use crate::error::Result;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{DutyEdit, DutyRead};
    Routes::default().get("/duty-ways", DutyRead, show).post("/duty-ways", DutyEdit, fill_in)
}

/// With more schools only the ways from and to one of them are drawn.
const MOST: usize = 12;

#[derive(Deserialize)]
struct Asked {
    school: Option<Uuid>,
}

/// A field of the grid.
struct Cell {
    /// Of the field, and of what was seen of it, so that a minute that somebody else has filled in is not overwritten by one that nobody changed.
    name: String,
    seen_name: String,
    value: String,
    seen: String,
    label: String,
    wrong: bool,
}

/// A school with the ways from it, or there and back; nothing where it is the same school.
struct Line {
    name: String,
    cells: Vec<Option<Cell>>,
}

#[derive(Template)]
#[template(path = "duty/web/ways.html")]
struct WaysPage {
    shell: Shell,
    schools: Vec<School>,
    chosen: Option<Uuid>,
    heads: Vec<String>,
    lines: Vec<Line>,
    ways: HashMap<(Uuid, Uuid), i64>,
    may_edit: bool,
    form: Form,
}

fn field(from: Uuid, to: Uuid) -> String {
    format!("way-{from}-{to}")
}

fn seen(from: Uuid, to: Uuid) -> String {
    format!("seen-{from}-{to}")
}

impl WaysPage {
    fn lacks(&self, from: Uuid, to: Uuid) -> bool {
        from != to && !self.ways.contains_key(&(from, to))
    }

    /// How many ways from and to a school are not filled in.
    fn missing_of(&self, school: &Uuid) -> usize {
        self.schools.iter().filter(|other| self.lacks(*school, other.id)).count()
            + self.schools.iter().filter(|other| self.lacks(other.id, *school)).count()
    }

    fn missing(&self) -> usize {
        self.schools.iter().map(|from| self.schools.iter().filter(|to| self.lacks(from.id, to.id)).count()).sum()
    }

    fn many(&self) -> bool {
        self.chosen.is_some()
    }

    fn is(&self, school: &Uuid) -> bool {
        self.chosen == Some(*school)
    }

    fn chosen_id(&self) -> String {
        self.chosen.map_or(String::new(), |id| id.to_string())
    }

    fn cell(&self, from: &School, to: &School, sent: bool) -> Option<Cell> {
        if from.id == to.id {
            return None;
        }
        let name = field(from.id, to.id);
        let known = self.ways.get(&(from.id, to.id)).map_or(String::new(), i64::to_string);
        let value = if sent { self.form.value(&name).to_owned() } else { known.clone() };
        let wrong = self.form.error(&name).is_some();
        let label = format!("从{}到{}（分钟）", from.name, to.name);
        Some(Cell { seen_name: seen(from.id, to.id), name, value, seen: known, label, wrong })
    }

    /// Lays the grid out: everybody to everybody, or one school there and back.
    fn lay_out(&mut self, sent: bool) {
        let one = self.chosen.and_then(|id| self.schools.iter().find(|school| school.id == id));
        let (heads, lines) = match one {
            Some(one) => {
                let others = self.schools.iter().filter(|other| other.id != one.id);
                let line = |other: &School| Line {
                    name: other.name.clone(),
                    cells: vec![self.cell(one, other, sent), self.cell(other, one, sent)],
                };
                (vec![format!("从{}过去", one.name), format!("回到{}", one.name)], others.map(line).collect())
            }
            None => {
                let line = |from: &School| Line {
                    name: from.name.clone(),
                    cells: self.schools.iter().map(|to| self.cell(from, to, sent)).collect(),
                };
                let heads = self.schools.iter().map(|to| format!("到{}", to.name)).collect();
                (heads, self.schools.iter().map(line).collect())
            }
        };
        (self.heads, self.lines) = (heads, lines);
    }
}

async fn ways_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    chosen: Option<Uuid>,
    (form, sent): (Form, bool),
) -> Result<WaysPage> {
    let scope = viewer.scope(Permission::DutyRead);
    let mut tx = app.db.read().await?;
    let mut schools = store::schools(&mut tx, viewer.tenant, &scope).await?;
    schools.retain(|school| school.closed_at.is_none());
    let ways = store::ways(&mut tx, viewer.tenant).await?;
    let ways = ways.into_iter().map(|row| ((row.from_id, row.to_id), row.minutes)).collect();
    let chosen = match schools.len() > MOST {
        true => chosen.filter(|id| schools.iter().any(|one| one.id == *id)).or(schools.first().map(|one| one.id)),
        false => None,
    };
    let may_edit = viewer.may(Permission::DutyEdit);
    let mut shown = WaysPage { shell, schools, chosen, heads: Vec::new(), lines: Vec::new(), ways, may_edit, form };
    shown.lay_out(sent);
    Ok(shown)
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    page(&ways_page(&app, &viewer, shell, asked.school, (Form::default(), false)).await?)
}

async fn fill_in(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyEdit)?;
    let scope = viewer.scope(Permission::DutyEdit);
    let chosen = form.value("chosen").parse().ok();
    let mut tx = app.db.begin().await?;
    let schools = store::schools(&mut tx, viewer.tenant, &scope).await?;
    let known = store::ways(&mut tx, viewer.tenant).await?;
    let known: HashMap<(Uuid, Uuid), i64> =
        known.into_iter().map(|row| ((row.from_id, row.to_id), row.minutes)).collect();
    let mut changes = Vec::new();
    for from in &schools {
        for to in schools.iter().filter(|to| to.id != from.id) {
            let (name, before) = (field(from.id, to.id), form.value(&seen(from.id, to.id)).trim().to_owned());
            let text = form.value(&name).trim().to_owned();
            // What was not drawn, or not changed, stays.
            if text == before {
                continue;
            }
            let label = format!("从{}到{}的分钟数", from.name, to.name);
            let minutes = if text.is_empty() { None } else { number(&mut form, &name, &label, 0..=240) };
            let now = known.get(&(from.id, to.id)).map_or(String::new(), i64::to_string);
            if now != before {
                form.fail(&name, format!("{label}刚刚有人改成了“{now}”，请看一下再填"));
            }
            if minutes.is_some() || text.is_empty() {
                changes.push((from.id, to.id, minutes));
            }
        }
    }
    if form.ok() {
        school::set_ways(&mut tx, &act, &changes).await?;
        tx.commit().await?;
        let to = chosen.map_or("/duty-ways".to_owned(), |id: Uuid| format!("/duty-ways?school={id}"));
        return Ok(redirect(&to, &format!("记下了 {} 处", changes.len())));
    }
    drop(tx);
    page_again(&ways_page(&app, &viewer, shell, chosen, (form, true)).await?)
}
