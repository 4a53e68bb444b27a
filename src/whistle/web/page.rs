//! One whistle, with what this side may say about it now.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use uuid::Uuid;

use crate::access::{self, Act, OrganisationKind, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::issue::Score;
use crate::web::{Form, Shell, page, page_again, redirect, show};
use crate::whistle::model::{Ending, Said, State as Stage};
use crate::whistle::saying;
use crate::whistle::store::{self, Event, Whistle};

pub fn routes() -> Routes {
    use Permission::WhistleHandle;
    Routes::default()
        .get("/whistles/{id}", WhistleHandle, show)
        .post("/whistles/{id}/assignments", WhistleHandle, assign)
        .post("/whistles/{id}/acknowledgement", WhistleHandle, acknowledge)
        .post("/whistles/{id}/progress", WhistleHandle, progress)
        .post("/whistles/{id}/answer", WhistleHandle, answer)
        .post("/whistles/{id}/refusal", WhistleHandle, decline)
        .post("/whistles/{id}/recall", WhistleHandle, recall)
        .post("/whistles/{id}/rating", WhistleHandle, rate)
}

#[derive(Template)]
#[template(path = "whistle/web/show.html")]
struct ShowPage {
    shell: Shell,
    whistle: Whistle,
    events: Vec<Event>,
    /// With which this one was passed on.
    passed_on: Vec<Whistle>,
    organisations: Vec<(String, String)>,
    deadline: Option<show::Deadline>,
    may_read_issue: bool,
    form: Form,
}

impl ShowPage {
    fn may(&self, said: Said) -> bool {
        self.whistle.check(said).is_ok()
    }

    fn may_rate(&self) -> bool {
        let rating = if self.whistle.asked { Said::AskerRated } else { Said::ResponderRated };
        self.may(rating) && self.whistle.own_score().is_none()
    }

    fn may_pass_on(&self) -> bool {
        !self.whistle.asked
            && self.whistle.state.awaited()
            && !self.passed_on.iter().any(|above| above.state.awaited() && above.ending.is_none())
    }

    /// Whether something that was said here has arrived.
    fn arrival(&self, event: &Event) -> String {
        match (event.delivered_at, self.whistle.ending) {
            (Some(at), _) => format!("对方 {} 收到", show::moment(&at)),
            (None, Some(Ending::There)) => "对方已解除对接，没有收下".to_owned(),
            (None, Some(_)) => "对接已解除，没有送到".to_owned(),
            (None, None) => "正在送，对方还没有收到".to_owned(),
        }
    }

    /// What whoever has blown it asks for.
    fn asked(&self) -> Option<&str> {
        self.events.iter().find(|event| event.kind == Said::Blown).map(|event| event.words.as_str())
    }

    fn shown(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| self.whistle.shows(event))
    }

    fn score(&self, score: &i64) -> &'static str {
        Score::parse(&score.to_string()).map_or("", Score::label)
    }
}

async fn show_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<ShowPage> {
    let scope = viewer.scope(Permission::WhistleHandle);
    let mut tx = app.db.read().await?;
    let whistle = store::whistle_in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let events = store::events(&mut tx, viewer.tenant, id).await?;
    let passed_on = if whistle.asked { Vec::new() } else { store::passed_on(&mut tx, viewer.tenant, id).await? };
    let organisations = access::organisations(&mut tx, viewer.tenant).await?;
    // Whoever is the whole of it sends nobody.
    let organisations = organisations
        .into_iter()
        .filter(|known| known.kind != OrganisationKind::Superior && known.name != viewer.tenant_name);
    let organisations = organisations.map(|known| (known.id.to_string(), known.name)).collect();
    let now = app.means.now();
    let due = match whistle.state {
        Stage::Blown => Some(whistle.acknowledge_by),
        Stage::Acknowledged => Some(whistle.answer_by),
        _ => None,
    };
    let soon = |due: jiff::Timestamp| due < now + jiff::SignedDuration::from_hours(24);
    let deadline = due.map(|due| show::deadline(due, now, soon(due)));
    let may_read_issue = viewer.may(Permission::IssueRead);
    Ok(ShowPage { shell, whistle, events, passed_on, organisations, deadline, may_read_issue, form })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Form::default()).await?)
}

/// A request to say something about a whistle.
struct Asked {
    app: App,
    viewer: Viewer,
    shell: Shell,
    id: Uuid,
    form: Form,
}

impl Asked {
    async fn begin(&self) -> Result<(Tx, Act, Whistle)> {
        let act = self.app.act(&self.viewer, Permission::WhistleHandle)?;
        let scope = self.viewer.scope(Permission::WhistleHandle);
        let mut tx = self.app.db.begin().await?;
        let whistle = store::whistle_in_reach(&mut tx, self.viewer.tenant, &scope, self.id).await?;
        Ok((tx, act, whistle))
    }

    async fn again(self) -> Result<Response> {
        page_again(&show_page(&self.app, &self.viewer, self.shell, self.id, self.form).await?)
    }

    /// Says something with the words of a field, or shows the page again.
    async fn say(mut self, said: Said, (field, label, least): (&str, &str, usize), flash: &str) -> Result<Response> {
        let (mut tx, act, mut whistle) = self.begin().await?;
        let words = self.form.text(field, label, least..=300);
        if self.form.ok() {
            let done = saying::say(&mut tx, &act, &mut whistle, self.form.version(), said, &words).await;
            if self.form.noted(field, done)?.is_some() {
                tx.commit().await?;
                return Ok(redirect(&format!("/whistles/{}", self.id), flash));
            }
        }
        drop(tx);
        self.again().await
    }
}

/// Declares the handler of something that can be said.
macro_rules! says {
    (async fn $name:ident($asked:ident) $body:block) => {
        async fn $name(
            State(app): State<App>,
            viewer: Viewer,
            shell: Shell,
            Path(id): Path<Uuid>,
            form: Form,
        ) -> Result<Response> {
            #[allow(unused_mut)]
            let mut $asked = Asked { app, viewer, shell, id, form };
            $body
        }
    };
}

says! {
    async fn acknowledge(asked) {
        asked.say(Said::Acknowledged, ("acknowledge_words", "谁来、什么时候到", 4), "已报到，对方看得到").await
    }
}

says! {
    async fn progress(asked) {
        asked.say(Said::Progressed, ("progress_words", "进展", 4), "进展发出去了").await
    }
}

says! {
    async fn answer(asked) {
        asked.say(Said::Answered, ("answer_words", "办得怎么样", 6), "已答复，请双方评价").await
    }
}

says! {
    async fn decline(asked) {
        asked.say(Said::Declined, ("decline_words", "为什么不归这里办，该找谁", 6), "已退回，对方看得到理由").await
    }
}

says! {
    async fn recall(asked) {
        asked.say(Said::Recalled, ("recall_words", "为什么撤哨", 4), "已撤哨").await
    }
}

says! {
    async fn assign(asked) {
        let (mut tx, act, mut whistle) = asked.begin().await?;
        let organisation = asked.form.choice("organisation", "派给谁", |id| id.parse::<Uuid>().ok());
        let words = asked.form.text("assign_words", "要求", 0..=200);
        if let (Some(organisation), true) = (organisation, asked.form.ok()) {
            let seen = asked.form.version();
            let done = saying::assign(&mut tx, &act, &mut whistle, seen, organisation, &words).await;
            if asked.form.noted("organisation", done)?.is_some() {
                tx.commit().await?;
                return Ok(redirect(&format!("/whistles/{}", asked.id), "派下去了"));
            }
        }
        drop(tx);
        asked.again().await
    }
}

says! {
    async fn rate(asked) {
        let (mut tx, act, mut whistle) = asked.begin().await?;
        let score = asked.form.choice("score", "评价", Score::parse);
        let words = asked.form.text("rating_words", "说明", 0..=200);
        if let Some(score) = score.filter(|score| score.is_bad() && words.is_empty()) {
            asked.form.fail("rating_words", format!("打“{}”的，请写一句为什么", score.label()));
        }
        if let (Some(score), true) = (score, asked.form.ok()) {
            let done = saying::rate(&mut tx, &act, &mut whistle, score, &words).await;
            if asked.form.noted("score", done)?.is_some() {
                tx.commit().await?;
                return Ok(redirect(&format!("/whistles/{}", asked.id), "评价记下了，不能再改"));
            }
        }
        drop(tx);
        asked.again().await
    }
}
