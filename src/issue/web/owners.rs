//! What the owners have voted about a matter that is theirs to decide.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;
use uuid::Uuid;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::issue::owners::{self, Ballot, Matter, OwnersVote, Recorded, Share};
use crate::issue::store::{self, Issue};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    let path = "/issues/{id}/owner-votes";
    Routes::default().get(path, Permission::IssueDecide, show).post(path, Permission::IssueDecide, record)
}

#[derive(Template)]
#[template(path = "issue/web/owners.html")]
struct OwnersPage {
    shell: Shell,
    issue: Issue,
    votes: Vec<Recorded>,
    form: Form,
}

/// Whose figures the form asks for, with the beginning of the names of their fields.
const SHARES: [(&str, &str); 3] = [("all", "全体业主"), ("part", "参加表决的"), ("agree", "同意的")];

impl OwnersPage {
    fn shares(&self) -> [(&'static str, &'static str); 3] {
        SHARES
    }

    fn matters(&self) -> Vec<(&'static str, &'static str)> {
        Matter::ALL.iter().map(|matter| (matter.code(), matter.label())).collect()
    }

    fn ways(&self) -> Vec<(&'static str, &'static str)> {
        Ballot::ALL.iter().map(|way| (way.code(), way.label())).collect()
    }
}

async fn owners_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<OwnersPage> {
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::IssueDecide);
    let issue = store::issue_in_scope(&mut tx, viewer.tenant, id, scope).await?;
    let votes = owners::of_issue(&mut tx, viewer.tenant, id).await?;
    Ok(OwnersPage { shell, issue, votes, form })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&owners_page(&app, &viewer, shell, id, Form::filled(&[("matter", Matter::Usual.code())])).await?)
}

async fn record(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    if let Some(vote) = read(&mut form) {
        let act = app.act(&viewer, Permission::IssueDecide)?;
        let mut tx = app.db.begin().await?;
        let scope = viewer.scope(Permission::IssueDecide);
        let issue = store::issue_in_scope(&mut tx, viewer.tenant, id, scope).await?;
        let recorded = owners::record(&mut tx, &act, issue.id, vote).await;
        if let Some(passed) = form.noted("all_owners", recorded)? {
            tx.commit().await?;
            let flash = if passed { "已登记：业主表决通过" } else { "已登记：业主表决没有通过" };
            return Ok(redirect(&format!("/issues/{id}/owner-votes"), flash));
        }
    }
    page_again(&owners_page(&app, &viewer, shell, id, form).await?)
}

fn read(form: &mut Form) -> Option<OwnersVote> {
    let matter = form.choice("matter", "哪类事项", Matter::parse);
    let way = form.choice("way", "怎么表决的", Ballot::parse);
    let held_on = form.choice("held_on", "哪天表决的", |day| day.parse::<Date>().ok());
    let [all, taking_part, agreeing] = SHARES.map(|(name, label)| {
        let (owners, area) = (format!("{name}_owners"), format!("{name}_area"));
        let count = |text: &str| codes::text::half_width(text.trim()).parse::<i64>().ok().filter(|count| *count >= 0);
        let owners = form.choice(&owners, &format!("{label}户数"), count);
        let area = form.choice(&area, &format!("{label}面积"), hundredths);
        Some(Share { area: area?, owners: owners? })
    });
    Some(OwnersVote {
        matter: matter?,
        way: way?,
        held_on: held_on?,
        all: all?,
        taking_part: taking_part?,
        agreeing: agreeing?,
    })
}

/// `81234.5` as hundredths of a square metre.
fn hundredths(text: &str) -> Option<i64> {
    let text = codes::text::half_width(text.trim());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    format!("{whole}{part:0<2}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_has_at_most_two_places() {
        assert_eq!(hundredths("81234.5"), Some(8_123_450));
        assert_eq!(hundredths("７０"), Some(7_000));
        assert_eq!(hundredths("0.07"), Some(7));
        for wrong in ["", ".5", "-1", "1.234", "1e5", "12345678901"] {
            assert_eq!(hundredths(wrong), None, "{wrong}");
        }
    }
}
