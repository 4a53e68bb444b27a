//! The board away from a phone: on the screen in a 党群服务站, one publication after the other, and on paper for the wall.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::model::{PublicationKind, Snapshot};
use super::store::{self, Contact, Publication};
use crate::access::{self, Need, Routes};
use crate::app::App;
use crate::error::{Error, Result};
use crate::place::{self, Estate};
use crate::web::{Shell, page, qr, show};

pub fn routes() -> Routes {
    Routes::default()
        .get("/board/{code}/screen", Need::Public, show_screen)
        .get("/board/{code}/estates/{id}/screen", Need::Public, show_screen_of_estate)
        .get("/board/{code}/paper", Need::Public, show_paper)
        .get("/board/{code}/estates/{id}/paper", Need::Public, show_paper_of_estate)
}

/// So many publications take turns on the screen, and stand on paper.
const ON_SCREEN: usize = 8;
const ON_PAPER: usize = 60;
/// How long one stays on the screen, in seconds.
const STAY: u32 = 20;

/// What hangs on a board now.
struct Board {
    shell: Shell,
    code: String,
    estate: Option<Estate>,
    contacts: Vec<Contact>,
    /// Those whose period is running, or the latest where none is.
    publications: Vec<Publication>,
    /// Where a phone that scans the code reports something, or reads all of it and objects.
    report: String,
    address: String,
}

impl Board {
    async fn read(app: &App, shell: Shell, code: String, estate: Option<Uuid>, most: usize) -> Result<Board> {
        let now = app.means.now();
        let mut tx = app.db.read().await?;
        let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
        let estate = match estate {
            Some(id) => Some(place::estate(&mut tx, tenant.tenant_id, id).await?),
            None => None,
        };
        let id = estate.as_ref().map(|estate| estate.id);
        let contacts = match id {
            Some(id) => store::contacts(&mut tx, tenant.tenant_id, id).await?,
            None => Vec::new(),
        };
        let publications = hanging(&mut tx, tenant.tenant_id, id, now, most).await?;
        let query = id.map_or(String::new(), |id| format!("?estate={id}"));
        let report = app.link(&format!("/board/{code}/report{query}"));
        let of_estate = id.map_or(String::new(), |id| format!("/estates/{id}"));
        let address = app.link(&format!("/board/{code}{of_estate}"));
        Ok(Board {
            shell: shell.of_community(&tenant.name, &tenant.code),
            code,
            estate,
            contacts,
            publications,
            report,
            address,
        })
    }

    fn title(&self) -> String {
        match &self.estate {
            Some(estate) => format!("{}公示栏", estate.name),
            None => format!("{}公示栏", self.shell.community),
        }
    }
}

/// Meetings that are announced first, since there is still something to do about them.
async fn hanging(
    tx: &mut Tx,
    tenant: Uuid,
    estate: Option<Uuid>,
    now: Timestamp,
    most: usize,
) -> Result<Vec<Publication>> {
    let latest = store::publications(tx, tenant, estate, Cursor::LAST, most.max(ON_PAPER) * 3).await?.items;
    let (mut running, ended): (Vec<_>, Vec<_>) =
        latest.into_iter().partition(|publication| publication.is_running(now));
    if running.is_empty() {
        running = ended;
        running.retain(|publication| publication.kind != PublicationKind::Meeting); // nobody can go to it any more
    }
    running.sort_by_key(|publication| publication.kind != PublicationKind::Meeting);
    running.truncate(most);
    Ok(running)
}

#[derive(Deserialize)]
struct Turn {
    #[serde(default)]
    n: usize,
}

#[derive(Template)]
#[template(path = "board/screen.html")]
struct ScreenPage {
    board: Board,
    day: String,
    now: Timestamp,
    /// Which publication is on, and which comes next.
    n: usize,
    next: usize,
    stay: u32,
    qr: String,
}

/// So many facts fit beside photos, and so many where there are none.
const FACTS: (usize, usize) = (4, 10);

impl ScreenPage {
    /// The facts that fit, and how many do not.
    fn facts<'a>(&self, publication: &'a Publication) -> (&'a [(String, String)], usize) {
        let Snapshot { facts, photos, .. } = &publication.body.0;
        let most = if photos.is_empty() { FACTS.1 } else { FACTS.0 };
        let shown = &facts[..facts.len().min(most)];
        (shown, facts.len() - shown.len())
    }

    fn on(&self) -> Option<&Publication> {
        self.board.publications.get(self.n)
    }
}

async fn screen(app: &App, shell: Shell, code: String, estate: Option<Uuid>, n: usize) -> Result<Response> {
    let board = Board::read(app, shell, code, estate, ON_SCREEN).await?;
    let all = board.publications.len().max(1);
    let n = n % all;
    let now = app.means.now();
    page(&ScreenPage { day: show::day(&now), now, n, next: (n + 1) % all, stay: STAY, qr: qr(&board.report)?, board })
}

async fn show_screen(
    State(app): State<App>,
    shell: Shell,
    Path(code): Path<String>,
    Query(Turn { n }): Query<Turn>,
) -> Result<Response> {
    screen(&app, shell, code, None, n).await
}

async fn show_screen_of_estate(
    State(app): State<App>,
    shell: Shell,
    Path((code, id)): Path<(String, Uuid)>,
    Query(Turn { n }): Query<Turn>,
) -> Result<Response> {
    screen(&app, shell, code, Some(id), n).await
}

#[derive(Template)]
#[template(path = "board/paper.html")]
struct PaperPage {
    /// Of the board; templates look for it here.
    shell: Shell,
    board: Board,
    day: String,
    now: Timestamp,
    qr: String,
}

async fn paper(app: &App, shell: Shell, code: String, estate: Option<Uuid>) -> Result<Response> {
    let board = Board::read(app, shell, code, estate, ON_PAPER).await?;
    let now = app.means.now();
    page(&PaperPage { shell: board.shell.clone(), day: show::day(&now), now, qr: qr(&board.address)?, board })
}

async fn show_paper(State(app): State<App>, shell: Shell, Path(code): Path<String>) -> Result<Response> {
    paper(&app, shell, code, None).await
}

async fn show_paper_of_estate(
    State(app): State<App>,
    shell: Shell,
    Path((code, id)): Path<(String, Uuid)>,
) -> Result<Response> {
    paper(&app, shell, code, Some(id)).await
}
