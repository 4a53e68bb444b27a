//! What a school sees by its link: which gates are kept when and from which day, and a number to call. Its security says that they know.

use askama::Template;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use db::Tx;
use uuid::Uuid;

use crate::access::{self, Act, Link, Need, Routes};
use crate::app::{App, ClientAddress};
use crate::deployment::notice::{self, Arrangement};
use crate::duty::{self, School};
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default().get("/deployment-watch/{link}", Need::Public, show).post(
        "/deployment-watch/{link}",
        Need::Public,
        see,
    )
}

#[derive(Template)]
#[template(path = "deployment/web/watch.html")]
struct WatchPage {
    shell: Shell,
    link: String,
    school: School,
    arrangements: Vec<Arrangement>,
    form: Form,
}

impl WatchPage {
    /// What is wrong with the name that somebody gave to one of them.
    fn failing(&self, plan: &Uuid) -> Option<&str> {
        self.form.error("name").filter(|_| self.form.value("plan") == plan.to_string())
    }

    fn name(&self, plan: &Uuid) -> &str {
        if self.failing(plan).is_some() { self.form.value("name") } else { "" }
    }
}

/// Errors: not found by a link that was not made for this, or is not good any more.
async fn by_link(app: &App, tx: &mut Tx, text: &str) -> Result<(Act, School)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let school = duty::school_by_link(tx, &link, &app.means.keys).await?;
    Ok((Act::guard(link.tenant, &app.means), school))
}

async fn watch_page(app: &App, shell: Shell, link: String, form: Form) -> Result<WatchPage> {
    let mut tx = app.db.read().await?;
    let (act, school) = by_link(app, &mut tx, &link).await?;
    let tenant = access::tenant(&mut tx, act.tenant).await?;
    let arrangements = notice::of_school(&mut tx, act.tenant, school.id, duty::day_of(act.at)).await?;
    Ok(WatchPage { shell: shell.of_community(&tenant.name, ""), link, school, arrangements, form })
}

async fn show(Shared(app): Shared<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&watch_page(&app, shell, link, Form::default()).await?)
}

async fn see(
    Shared(app): Shared<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, school) = by_link(&app, &mut tx, &link).await?;
    app.sign_ins.check(address)?;
    let plan: Uuid = form.value("plan").parse().map_err(|_| Error::NotFound)?;
    let name = form.open_text("name", "您的姓名", 2..=20, "只写姓名，不要写电话或身份证号");
    if !form.ok() {
        drop(tx);
        return page_again(&watch_page(&app, shell, link, form).await?);
    }
    let first = notice::see(&mut tx, &act, plan, school.id, &name).await?;
    tx.commit().await?;
    let said =
        if first { "好的，警方已经知道您看过了" } else { "已经有人说过知道了，不用再说" };
    Ok(redirect(&format!("/deployment-watch/{link}"), said))
}
