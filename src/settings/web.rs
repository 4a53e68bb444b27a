use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;

use super::words::{Number, numbers, words};
use super::{Listed, in_force, list, set};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{SettingEdit, SettingRead};
    Routes::default().get("/settings", SettingRead, show).get("/settings/{name}", SettingEdit, edit).post(
        "/settings/{name}",
        SettingEdit,
        update,
    )
}

/// A setting in words.
struct Shown {
    code: String,
    name: String,
    numbers: Vec<Number>,
    source: String,
    effective_from: String,
}

impl Shown {
    fn of(setting: Listed) -> Shown {
        let Listed { name: code, value, source, effective_from, .. } = setting;
        Shown { name: words(&code).to_owned(), code, numbers: numbers(&value.0), source, effective_from }
    }
}

#[derive(Template)]
#[template(path = "settings/settings.html")]
struct SettingsPage {
    shell: Shell,
    settings: Vec<Shown>,
    may_edit: bool,
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let settings = list(&mut app.db.read().await?, viewer.tenant).await?;
    let may_edit = viewer.may(Permission::SettingEdit);
    page(&SettingsPage { shell, settings: settings.into_iter().map(Shown::of).collect(), may_edit })
}

#[derive(Template)]
#[template(path = "settings/setting.html")]
struct SettingPage {
    shell: Shell,
    setting: Shown,
    form: Form,
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(name): Path<String>) -> Result<Response> {
    let today = today(&app);
    let setting = in_force(&mut app.db.read().await?, viewer.tenant, &name, today).await?.ok_or(Error::NotFound)?;
    let setting = Shown::of(setting);
    let mut form = Form::filled(&[("effective_from", &today.to_string())]);
    for number in &setting.numbers {
        form.set(&number.path, number.filled());
    }
    page(&SettingPage { shell, setting, form })
}

async fn update(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(name): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::SettingEdit)?;
    let mut tx = app.db.begin().await?;
    let setting = in_force(&mut tx, viewer.tenant, &name, today(&app)).await?.ok_or(Error::NotFound)?;
    let mut value = setting.value.0.clone();
    for number in numbers(&setting.value.0) {
        match number.parse(form.value(&number.path)) {
            Ok(new) => value.pointer_mut(&number.path).into_iter().for_each(|old| *old = new.clone()),
            Err(sentence) => form.fail(&number.path, sentence),
        }
    }
    let source = form.text("source", "依据", 4..=200);
    let from: Option<Date> = form.choice("effective_from", "生效日期", |date| date.parse().ok());
    if from.is_some_and(|from| from < today(&app)) {
        form.fail("effective_from", "生效日期不能早于今天：已经按原来的数算出的期限不会改");
    }
    let (Some(from), true) = (from, form.ok()) else {
        return page_again(&SettingPage { shell, setting: Shown::of(setting), form });
    };
    set(&mut tx, &act, &name, from, &value, &source).await?;
    tx.commit().await?;
    Ok(redirect("/settings", &format!("已保存，自 {from} 起生效")))
}

fn today(app: &App) -> Date {
    app.means.now().to_zoned_datetime(calendar::shanghai()).date()
}
