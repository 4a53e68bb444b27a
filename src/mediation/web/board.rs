//! What everybody may know of mediations: that there are some, how to ask for one, and how many there were, unless so few that one of
//! them could be recognised.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::access::{self, Need, Routes};
use crate::app::App;
use crate::error::{Error, Result};
use crate::mediation::model::{Files, RIGHTS};
use crate::mediation::{step, store};
use crate::settings;
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    Routes::default().get("/board/{code}/mediation", Need::Public, show)
}

#[derive(Template)]
#[template(path = "mediation/web/board.html")]
struct BoardPage {
    shell: Shell,
    code: String,
    year: i16,
    taken_on: String,
    agreed: String,
}

impl BoardPage {
    fn rights(&self) -> &'static [&'static str] {
        RIGHTS
    }
}

async fn show(State(app): State<App>, shell: Shell, Path(code): Path<String>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let now = app.means.now();
    let files: Files = settings::read(&mut tx, tenant.tenant_id, now).await?;
    let year = step::day_of(now).year();
    let figures = store::figures(&mut tx, tenant.tenant_id, year).await?;
    let shown = |count: i64| match count < files.shown_from {
        true => format!("不足 {} 件", files.shown_from),
        false => format!("{count} 件"),
    };
    let (taken_on, agreed) = (shown(figures.taken_on), shown(figures.agreed));
    page(&BoardPage { shell: shell.of_community(&tenant.name, &tenant.code), code, year, taken_on, agreed })
}
