//! 小区家底: what each estate has and what it lacks, put together from grants, organisations, contacts and figures, so that
//! nobody has to keep a list of it.

mod store;

pub use store::STATEMENTS;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use db::Cursor;
use uuid::Uuid;

use crate::access::{OrganisationKind, Permission, Role, Routes, Viewer};
use crate::app::App;
use crate::board::Post;
use crate::error::Result;
use crate::registry::figures::{self, Line};
use crate::web::{Shell, page};
use crate::{access, place};
use store::{Contact, GridOf, Staff};

pub fn routes() -> Routes {
    Routes::default().get("/estates/overview", Permission::PlaceRead, show)
}

/// Something that an estate should have.
struct Item {
    label: &'static str,
    /// What it has, in words; `None` where it has nothing.
    has: Option<String>,
    /// Where it is added.
    how: &'static str,
    href: Option<String>,
}

struct Estate {
    id: Uuid,
    name: String,
    items: Vec<Item>,
    figures: Option<Line>,
}

impl Estate {
    fn lacking(&self) -> usize {
        self.items.iter().filter(|item| item.has.is_none()).count()
    }
}

#[derive(Template)]
#[template(path = "overview/overview.html")]
struct OverviewPage {
    shell: Shell,
    estates: Vec<Estate>,
}

impl OverviewPage {
    fn lacking(&self) -> usize {
        self.estates.iter().map(Estate::lacking).sum()
    }
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let scope = viewer.scope(Permission::PlaceRead);
    let mut tx = app.db.read().await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let counted = figures::estates(&mut tx, viewer.tenant, &scope, Cursor::FIRST, figures::ESTATES_AT_ONCE).await?;
    let mut counted = counted.items;
    let companies = access::organisations(&mut tx, viewer.tenant).await?;
    let staff = store::staff(&mut tx, viewer.tenant).await?;
    let grids = store::grids(&mut tx, viewer.tenant).await?;
    let contacts = store::contacts(&mut tx, viewer.tenant).await?;
    let estates = estates.into_iter().map(|estate| {
        let of_estate = Of {
            staff: staff.iter().filter(|staff| staff.estate_id == estate.id).collect(),
            grids: grids.iter().filter(|grid| grid.estate_id == estate.id).collect(),
            contacts: contacts.iter().filter(|contact| contact.estate_id == estate.id).collect(),
        };
        let company = companies.iter().find(|company| Some(company.id) == estate.property_company_id);
        let edit = viewer.may(Permission::PlaceEdit).then(|| format!("/estates/{}/particulars", estate.id));
        let board = viewer.may(Permission::ContactEdit).then(|| format!("/estates/{}/contacts", estate.id));
        let accounts = viewer.may(Permission::AccountManage).then(|| "/accounts".to_owned());
        let station =
            |has| Item { label: "党群服务站", has, how: "在小区资料里写上地址", href: edit.clone() };
        let by_grant = |label, has| Item {
            label,
            has,
            how: "请安全管理员建好这个单位，再把里面的人授权到这个小区",
            href: accounts.clone(),
        };
        let posted =
            |label, has| Item { label, has, how: "在公开联系人里加上，要本人同意", href: board.clone() };
        let items = vec![
            by_grant("小区党支部", of_estate.organisation(OrganisationKind::PartyBranch)),
            by_grant("支部书记", of_estate.holders(Role::BranchSecretary)),
            station(estate.station_address.clone()),
            posted("党建指导员", of_estate.posts(Post::PartyInstructor)),
            posted("包联干部", of_estate.posts(Post::LiaisonCadre)),
            Item {
                label: "物业公司",
                has: company.map(|company| company.name.clone()),
                how: "请了物业的，在小区资料里选上；没有请的，由物管会管",
                href: edit.clone(),
            },
            by_grant("物管会", of_estate.organisation(OrganisationKind::PropertyCommittee)),
            Item {
                label: "网格员",
                has: of_estate.workers(),
                how: "请安全管理员给网格员授权到网格；楼栋还没有划进网格的，先划网格",
                href: accounts.clone(),
            },
        ];
        let figures = counted.iter().position(|figures| figures.id == estate.id).map(|at| counted.swap_remove(at));
        Estate { id: estate.id, name: estate.name, items, figures }
    });
    page(&OverviewPage { estates: estates.collect(), shell })
}

/// What belongs to one estate.
struct Of<'a> {
    staff: Vec<&'a Staff>,
    grids: Vec<&'a GridOf>,
    contacts: Vec<&'a Contact>,
}

impl Of<'_> {
    /// The organisation of a kind whose people reach this estate.
    fn organisation(&self, kind: OrganisationKind) -> Option<String> {
        self.staff.iter().find(|staff| staff.kind == kind).map(|staff| staff.organisation.clone())
    }

    fn holders(&self, role: Role) -> Option<String> {
        joined(self.staff.iter().filter(|staff| staff.role == role).map(|staff| staff.name.clone()))
    }

    fn posts(&self, post: Post) -> Option<String> {
        joined(self.contacts.iter().filter(|contact| contact.post == post).map(|contact| contact.name.clone()))
    }

    /// `第一网格 景瑞芳、第二网格 还没有网格员`; nothing where no grid has a worker.
    fn workers(&self) -> Option<String> {
        self.grids.iter().find(|grid| grid.worker.is_some())?;
        joined(
            self.grids.iter().map(|grid| format!("{} {}", grid.name, grid.worker.as_deref().unwrap_or("还没有网格员"))),
        )
    }
}

fn joined(names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| names.join("、"))
}
