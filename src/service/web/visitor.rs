//! What a volunteer sees by their link: where they are asked to go, and how they answer. Of a need they read the door and the kind, and no
//! more unless whoever needs it has agreed.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::access::{self, Act, Link, Need as Asks, Routes};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::service::call::{self, Call};
use crate::service::model::Answer;
use crate::service::need::Need;
use crate::service::round::Rounds;
use crate::settings;
use crate::volunteer::{self, Card};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default().get("/volunteering/{link}/calls", Asks::Public, show).post(
        "/volunteering/{link}/calls/{call}/answer",
        Asks::Public,
        answer,
    )
}

#[derive(Template)]
#[template(path = "service/web/calls.html")]
struct CallsPage {
    shell: Shell,
    link: String,
    calls: Vec<(Call, Need)>,
    /// The teams that they lead, for which they answer.
    led: Vec<Uuid>,
    now: jiff::Timestamp,
    form: Form,
    failed: Option<Uuid>,
}

impl CallsPage {
    /// Only whoever goes there reads what somebody has written, and only if they have agreed.
    fn told(&self, call: &Call, need: &Need) -> bool {
        need.shares && call.state == Answer::Accepted
    }

    /// With others they go where whoever leads takes them; the door and the rest is told to those who answer.
    fn answers(&self, call: &Call) -> bool {
        call.volunteer_id.is_some() || call.team_id.is_some_and(|team| self.led.contains(&team))
    }

    fn began(&self, call: &Call) -> bool {
        call.starts_at <= self.now
    }

    fn is(&self, call: &Call, state: &str) -> bool {
        call.state.code() == state
    }

    fn answering(&self, call: &Call) -> bool {
        self.failed == Some(call.id)
    }
}

/// Errors: not found by a link that is not good, and of whoever is not on the roll.
pub(super) async fn by_link(app: &App, tx: &mut Tx, text: &str) -> Result<(Act, Card)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let act = Act::resident(link.tenant, &app.means);
    let card = volunteer::by_link(tx, &act, &link).await?;
    if card.state == volunteer::State::Active { Ok((act, card)) } else { Err(Error::NotFound) }
}

async fn calls_page(app: &App, shell: Shell, link: String, failed: (Option<Uuid>, Form)) -> Result<CallsPage> {
    let mut tx = app.db.read().await?;
    let (act, card) = by_link(app, &mut tx, &link).await?;
    let tenant = access::tenant(&mut tx, act.tenant).await?;
    let rules: Rounds = settings::read(&mut tx, act.tenant, act.at).await?;
    let since = act.at - SignedDuration::from_hours(24 * rules.note_days);
    let calls = call::of_volunteer(&mut tx, &act, card.id, since).await?;
    let shell = shell.of_community(&tenant.name, &tenant.code);
    let led = call::led(&mut tx, &act, card.id).await?;
    Ok(CallsPage { shell, link, calls, led, now: act.at, form: failed.1, failed: failed.0 })
}

async fn show(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&calls_page(&app, shell, link, (None, Form::default())).await?)
}

async fn answer(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path((link, call)): Path<(String, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, card) = by_link(&app, &mut tx, &link).await?;
    // Who goes from door to door together comes from one address.
    app.sign_ins.check(address)?;
    let says = form.choice("answer", "去不去", |code| {
        Answer::parse(code).filter(|says| matches!(says, Answer::Accepted | Answer::Declined | Answer::Done))
    });
    let least = if says == Some(Answer::Declined) { 2 } else { 0 };
    let words = form.open_text("words", "说明", least..=100, "请不要写电话或身份证号");
    if let Some(says) = says.filter(|_| form.ok()) {
        let done = call::answer(&mut tx, &act, card.id, call, says, &words).await;
        if form.ended(tx, "words", done).await?.is_some() {
            let flash = match says {
                Answer::Accepted => "答应了，谢谢您！请按时去",
                Answer::Declined => "知道了，社区会另外派人",
                _ => "记下了，辛苦了！",
            };
            return Ok(redirect(&format!("/volunteering/{link}/calls"), flash));
        }
    } else {
        drop(tx);
    }
    page_again(&calls_page(&app, shell, link, (Some(call), form)).await?)
}
