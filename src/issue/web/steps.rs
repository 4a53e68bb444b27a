//! The steps that staff and responsible parties take on an issue, each a form on its page.

use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::page::show_page;
use super::public::MOST_PHOTOS;
use crate::access::{self, Act, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::issue::decision::{self, Due, Elsewhere, Grading};
use crate::issue::model::{Category, NAMES_SOMEBODY, Remedy, Tier, personal_data_in};
use crate::issue::petition::{self, Petition};
use crate::issue::store::{self, Issue};
use crate::issue::{closure, filing, handling, level, owners};
use crate::photo;
use crate::web::{Form, Shell, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::*;
    Routes::default()
        .post("/issues/{id}/acceptance", IssueDecide, accept)
        .post("/issues/{id}/refusal", IssueDecide, refuse)
        .post("/issues/{id}/redirection", IssueDecide, redirect_elsewhere)
        .post("/issues/{id}/merger", IssueDecide, merge)
        .post("/issues/{id}/dispatches", IssueDecide, dispatch)
        .post("/issues/{id}/petition-decisions", IssueDecide, decide_petition)
        .post("/issues/{id}/resumption", IssueDecide, resume)
        .post("/issues/{id}/raising", IssueRaise, raise)
        .post("/issues/{id}/lowering", IssueDecide, lower)
        .post("/issues/{id}/progress", IssueHandle, progress)
        .post("/issues/{id}/extensions", IssueHandle, request_extension)
        .post("/issues/{id}/suspensions", IssueHandle, request_suspension)
        .post("/issues/{id}/disputes", IssueHandle, dispute)
        .post("/issues/{id}/result", IssueHandle, finish)
        .post("/issues/{id}/publications", IssuePublish, publish)
        .post("/issues/{id}/closure", IssueClose, close)
        .post("/issues/{id}/acknowledgements", IssueAcknowledge, acknowledge)
}

/// A request for a step: who, on which issue, with which form. Shows the page again if the form is not right.
struct Asked<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    shell: Shell,
    id: Uuid,
    form: Form,
}

impl Asked<'_> {
    async fn again(self, step: &'static str) -> Result<Response> {
        page_again(&show_page(self.app, self.viewer, self.shell, self.id, Some((step, self.form))).await?)
    }

    /// Notes an error if public words carry a phone, an identity number, the reporter's name or a neighbour's.
    async fn check_public(&mut self, field: &str) -> Result<()> {
        let text = self.form.value(field).to_owned();
        if let Some(sentence) = personal_data_in(&text) {
            self.form.fail(field, sentence);
            return Ok(());
        }
        let mut tx = self.app.db.read().await?;
        let issue = store::issue_in_scope(&mut tx, self.viewer.tenant, self.id, Scope::tenant()).await?;
        let act = Act::system(self.viewer.tenant, &self.app.means);
        let knows = self.viewer.may(Permission::IssueFile);
        if filing::names_somebody(&mut tx, &act, &issue, &text, knows).await? {
            self.form.fail(field, NAMES_SOMEBODY);
        }
        Ok(())
    }

    /// Begins the transaction of a step, with the issue if it is within reach.
    async fn begin(&self, permission: Permission) -> Result<(Tx, Act, Issue, i64)> {
        let act = self.app.act(self.viewer, permission)?;
        let mut tx = self.app.db.begin().await?;
        let scope: Scope = self.viewer.scope(permission);
        let issue = store::issue_in_scope(&mut tx, self.viewer.tenant, self.id, scope).await?;
        if permission == Permission::IssueDecide {
            level::check_leads(self.viewer, &issue)?;
        }
        Ok((tx, act, issue, self.form.version()))
    }

    /// Sends what the handler asks for, with the reason from the form's field of that name.
    async fn petition(mut self, petition: Petition, name: &'static str, until: Option<Timestamp>) -> Result<Response> {
        let field = format!("{name}_reason");
        let reason = self.form.text(&field, "理由", 6..=300);
        self.check_public(&field).await?;
        if !self.form.ok() {
            return self.again(name).await;
        }
        let (mut tx, act, mut issue, seen) = self.begin(Permission::IssueHandle).await?;
        let asked = petition::ask(&mut tx, &act, &mut issue, seen, petition, until, &reason).await;
        if self.form.noted(&field, asked)?.is_none() {
            drop(tx);
            return self.again(name).await;
        }
        self.done(tx, &format!("{petition}申请已提交，等社区审批")).await
    }

    async fn done(&self, tx: Tx, flash: &str) -> Result<Response> {
        tx.commit().await?;
        Ok(redirect(&format!("/issues/{}", self.id), flash))
    }
}

/// Declares the handler of a step: the arguments that every one has, and its body over an [`Asked`].
macro_rules! step {
    ($(#[$doc:meta])* async fn $name:ident($asked:ident) $body:block) => {
        $(#[$doc])*
        async fn $name(
            State(app): State<App>,
            viewer: Viewer,
            shell: Shell,
            Path(id): Path<Uuid>,
            form: Form,
        ) -> Result<Response> {
            #[allow(unused_mut)]
            let mut $asked = Asked { app: &app, viewer: &viewer, shell, id, form };
            $body
        }
    };
}

step! {
    /// Takes an issue on and, where a party is chosen at once, gives it to that party.
    async fn accept(asked) {
        let form = &mut asked.form;
        let category = form.choice("category", "类别", Category::parse);
        let tier = form.choice("tier", "紧急程度", Tier::parse);
        let remedy = form.choice("remedy", "怎么解决", Remedy::parse);
        let organisation = form.optional_choice("organisation", "办理单位", |id| id.parse::<Uuid>().ok());
        let summary = form.text("summary", "公开标题", 4..=40);
        asked.check_public("summary").await?;
        let (Some(category), Some(tier), Some(remedy), true) = (category, tier, remedy, asked.form.ok()) else {
            return asked.again("acceptance").await;
        };
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        let accepted = decision::accept(&mut tx, &act, &mut issue, seen, Grading { category, tier, remedy, summary }).await;
        if asked.form.noted("remedy", accepted)?.is_none() {
            drop(tx);
            return asked.again("acceptance").await;
        }
        if let Some(organisation) = organisation {
            let sent = decision::dispatch(&mut tx, &act, &mut issue, seen + 1, organisation, Due::ByTier, "").await;
            if asked.form.noted("organisation", sent)?.is_none() {
                drop(tx);
                return asked.again("acceptance").await;
            }
            return asked.done(tx, "已受理并派单").await;
        }
        asked.done(tx, "已受理，请派单").await
    }
}

step! {
    async fn refuse(asked) {
        let reason = asked.form.text("refusal_reason", "不予受理的理由", 6..=300);
        asked.check_public("refusal_reason").await?;
        if !asked.form.ok() {
            return asked.again("refusal").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        decision::refuse(&mut tx, &act, &mut issue, seen, &reason).await?;
        asked.done(tx, "已答复反映人：不予受理").await
    }
}

step! {
    async fn redirect_elsewhere(asked) {
        let why = asked.form.choice("redirect_why", "哪一种", |why| match why {
            "legal" => Some(Some(Remedy::Legal)),
            "emergency" => Some(Some(Remedy::Emergency)),
            "other" => Some(None),
            _ => None,
        });
        let to = asked.form.text("redirect_to", "该找哪里", 2..=40);
        let reason = asked.form.text("redirect_reason", "理由", 4..=300);
        asked.check_public("redirect_to").await?;
        asked.check_public("redirect_reason").await?;
        let (Some(remedy), true) = (why, asked.form.ok()) else {
            return asked.again("redirection").await;
        };
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        decision::redirect(&mut tx, &act, &mut issue, seen, Elsewhere { remedy, to, reason }).await?;
        asked.done(tx, "已告诉反映人该找哪里").await
    }
}

step! {
    async fn merge(asked) {
        let number = asked.form.text("merge_into", "并入的编号", 4..=40).to_uppercase();
        if !asked.form.ok() {
            return asked.again("merger").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        let scope = asked.viewer.scope(Permission::IssueDecide);
        let Some(into) = store::issue_by_number(&mut tx, act.tenant, &number, scope).await? else {
            drop(tx);
            asked.form.fail("merge_into", "没有找到这个编号，请从下面选一件，或核对编号");
            return asked.again("merger").await;
        };
        decision::merge(&mut tx, &act, &mut issue, seen, &into).await?;
        asked.done(tx, &format!("已并入 {}", into.number)).await
    }
}

step! {
    async fn dispatch(asked) {
        let organisation = asked.form.choice("organisation", "办理单位", |id| id.parse::<Uuid>().ok());
        let words = asked.form.text("dispatch_words", "交办要求", 0..=200);
        asked.check_public("dispatch_words").await?;
        let due = if asked.form.value("due").trim().is_empty() {
            Due::ByTier
        } else {
            asked.form.last_day("due", "期限").map_or(Due::ByTier, Due::Earlier)
        };
        let reason = asked.form.text("without_owners", "没有业主表决先办的理由", 0..=200);
        let (Some(organisation), true) = (organisation, asked.form.ok()) else {
            return asked.again("dispatch").await;
        };
        let (mut tx, act, mut issue, mut seen) = asked.begin(Permission::IssueDecide).await?;
        let party = access::organisation(&mut tx, act.tenant, organisation).await?;
        let overrides = !reason.is_empty() && asked.viewer.may(Permission::OwnersOverride);
        if overrides && seen == issue.lock_version && owners::keep_from(&mut tx, act.tenant, &issue, party.kind).await? {
            let act = asked.app.act(asked.viewer, Permission::OwnersOverride)?;
            owners::waive(&mut tx, &act, &mut issue, &reason).await?;
            seen = issue.lock_version;
        }
        let sent = decision::dispatch(&mut tx, &act, &mut issue, seen, organisation, due, &words).await;
        if asked.form.noted("organisation", sent)?.is_none() {
            drop(tx);
            return asked.again("dispatch").await;
        }
        let party = issue.organisation_name.unwrap_or_default();
        asked.done(tx, &format!("已派给{party}")).await
    }
}

step! {
    async fn decide_petition(asked) {
        let granted = asked.form.choice("granted", "同意或不同意", |text| match text {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        });
        let words = asked.form.text("decision_words", "说明", 0..=200);
        asked.check_public("decision_words").await?;
        if granted == Some(false) && words.is_empty() {
            asked.form.fail("decision_words", "不同意的，请写明理由");
        }
        let (Some(granted), true) = (granted, asked.form.ok()) else {
            return asked.again("petition-decision").await;
        };
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        let petition = petition::decide(&mut tx, &act, &mut issue, seen, granted, &words).await?;
        let flash = match (petition, granted) {
            (Petition::Extension, true) => "已同意延期，反映人会看到",
            (Petition::Suspension, true) => "已同意挂账，停止计时",
            (Petition::Dispute, true) => "异议成立，请重新派单",
            (_, false) => "已答复：不同意",
        };
        asked.done(tx, flash).await
    }
}

step! {
    async fn resume(asked) {
        let words = asked.form.text("resume_words", "为什么恢复", 2..=200);
        asked.check_public("resume_words").await?;
        if !asked.form.ok() {
            return asked.again("resumption").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        petition::resume(&mut tx, &act, &mut issue, seen, &words).await?;
        asked.done(tx, "已恢复办理，剩下的时间接着算").await
    }
}

step! {
    async fn raise(asked) {
        let words = asked.form.text("raise_reason", "为什么要上报", 6..=200);
        asked.check_public("raise_reason").await?;
        if !asked.form.ok() {
            return asked.again("raising").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueRaise).await?;
        let raised = level::raise(&mut tx, &act, &mut issue, seen, &words).await;
        if asked.form.noted("raise_reason", raised)?.is_none() {
            drop(tx);
            return asked.again("raising").await;
        }
        asked.done(tx, &format!("已上报{}", issue.level)).await
    }
}

step! {
    async fn lower(asked) {
        let words = asked.form.text("lower_reason", "为什么交给小区", 6..=200);
        asked.check_public("lower_reason").await?;
        if !asked.form.ok() {
            return asked.again("lowering").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        let lowered = level::lower(&mut tx, &act, &mut issue, seen, &words).await;
        if asked.form.noted("lower_reason", lowered)?.is_none() {
            drop(tx);
            return asked.again("lowering").await;
        }
        asked.done(tx, "已交给小区党支部牵头").await
    }
}

step! {
    async fn progress(asked) {
        let words = asked.form.text("progress_words", "办理进展", 4..=500);
        asked.check_public("progress_words").await?;
        let act = asked.app.act(asked.viewer, Permission::IssueHandle)?;
        let photos = photo::from_form(asked.app, &act, &mut asked.form, "progress_photos", MOST_PHOTOS).await?;
        if !asked.form.ok() {
            return asked.again("progress").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueHandle).await?;
        handling::progress(&mut tx, &act, &mut issue, seen, &words, &photos).await?;
        asked.done(tx, "进展已发布，反映人能看到").await
    }
}

step! {
    async fn finish(asked) {
        let words = asked.form.text("result_words", "办理结果", 6..=500);
        asked.check_public("result_words").await?;
        let act = asked.app.act(asked.viewer, Permission::IssueHandle)?;
        let photos = photo::from_form(asked.app, &act, &mut asked.form, "result_photos", MOST_PHOTOS).await?;
        if !asked.form.ok() {
            return asked.again("result").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueHandle).await?;
        let finished = handling::finish(&mut tx, &act, &mut issue, seen, &words, &photos).await;
        if asked.form.noted("result_words", finished)?.is_none() {
            drop(tx);
            return asked.again("result").await;
        }
        asked.done(tx, if photos.is_empty() { "结果已提交。没有照片，回执上会标红" } else { "结果和照片已提交" }).await
    }
}

step! {
    async fn request_extension(asked) {
        let until = asked.form.last_day("until", "延到哪一天");
        asked.petition(Petition::Extension, "extension", until).await
    }
}

step! {
    async fn request_suspension(asked) {
        let review_on = asked.form.last_day("review_on", "哪一天复核");
        asked.petition(Petition::Suspension, "suspension", review_on).await
    }
}

step! {
    async fn dispute(asked) {
        asked.petition(Petition::Dispute, "dispute", None).await
    }
}

step! {
    async fn publish(asked) {
        let text = asked.form.text("publication_text", "公示内容", 6..=500);
        asked.check_public("publication_text").await?;
        if !asked.form.ok() {
            return asked.again("publication").await;
        }
        let chosen: Vec<Uuid> = asked.form.values("photo").filter_map(|id| id.parse().ok()).collect();
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssuePublish).await?;
        let known = store::photos(&mut tx, act.tenant, issue.id).await?;
        let photos: Vec<Uuid> = known.iter().map(|photo| photo.photo_id).filter(|id| chosen.contains(id)).collect();
        closure::publish(&mut tx, &act, &mut issue, seen, &text, &photos).await?;
        asked.done(tx, "已公示，接下来由网格员上门测评").await
    }
}

step! {
    async fn close(asked) {
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueClose).await?;
        closure::close(&mut tx, &act, &mut issue, seen).await?;
        asked.done(tx, "已销号").await
    }
}

step! {
    async fn acknowledge(asked) {
        let words = asked.form.text("acknowledge_words", "支部意见", 0..=200);
        asked.check_public("acknowledge_words").await?;
        if !asked.form.ok() {
            return asked.again("acknowledgement").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueAcknowledge).await?;
        closure::acknowledge(&mut tx, &act, &mut issue, seen, &words).await?;
        asked.done(tx, "已记入回执：支部阅知").await
    }
}
