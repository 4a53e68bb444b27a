use askama::Template;
use axum::extract::State;
use axum::response::Response;
use codes::Phone;
use uuid::Uuid;

use crate::access::store::{self, Organisation};
use crate::access::{OrganisationKind, Permission, Routes, Viewer, create_organisation};
use crate::app::App;
use crate::error::Result;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/organisations", Permission::AccountManage, list)
        .post("/organisations", Permission::AccountManage, create)
        .get("/organisations/new", Permission::AccountManage, show_new)
}

#[derive(Template)]
#[template(path = "access/web/organisations.html")]
struct OrganisationsPage {
    shell: Shell,
    organisations: Vec<Organisation>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let organisations = store::organisations(&mut app.db.read().await?, viewer.tenant).await?;
    page(&OrganisationsPage { shell, organisations })
}

#[derive(Template)]
#[template(path = "access/web/organisation-new.html")]
struct NewOrganisationPage {
    shell: Shell,
    form: Form,
    kinds: Vec<(&'static str, &'static str)>,
    parents: Vec<(String, String)>,
}

impl NewOrganisationPage {
    fn of(shell: Shell, form: Form, organisations: &[Organisation]) -> NewOrganisationPage {
        let kinds = OrganisationKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect();
        let parents = organisations.iter().map(|o| (o.id.to_string(), o.name.clone())).collect();
        NewOrganisationPage { shell, form, kinds, parents }
    }
}

async fn show_new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let organisations = store::organisations(&mut app.db.read().await?, viewer.tenant).await?;
    page(&NewOrganisationPage::of(shell, Form::default(), &organisations))
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::AccountManage)?;
    let mut tx = app.db.begin().await?;
    let organisations = store::organisations(&mut tx, viewer.tenant).await?;
    let name = form.text("name", "单位名称", 2..=60);
    if organisations.iter().any(|organisation| organisation.name == name) {
        form.fail("name", "已经有一个同名的单位，不用再建");
    }
    let kind = form.choice("kind", "单位类别", OrganisationKind::parse);
    let known = |code: &str| organisations.iter().map(|o| o.id).find(|id| id.to_string() == code);
    let parent: Option<Uuid> = form.optional_choice("parent", "上级单位", known);
    let phone = match form.value("phone").trim() {
        "" => None,
        written => match Phone::parse(written) {
            Ok(phone) => Some(phone),
            Err(error) => {
                form.fail("phone", error.to_string());
                None
            }
        },
    };
    let (Some(kind), true) = (kind, form.ok()) else {
        return page_again(&NewOrganisationPage::of(shell, form, &organisations));
    };
    create_organisation(&mut tx, &act, parent, kind, &name, phone.as_ref().map(Phone::as_str)).await?;
    tx.commit().await?;
    Ok(redirect("/organisations", &format!("已登记{name}")))
}
