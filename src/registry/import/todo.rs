use db::Tx;
use jiff::Timestamp;

use super::store::{self, Mode};
use crate::access::{Permission, Viewer};
use crate::error::Result;
use crate::web::show::Deadline;
use crate::web::{Todo, show};

/// The imports that somebody has sent in and that wait to be confirmed.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::RegistryImport) {
        return Ok(Vec::new());
    }
    let imports = store::unconfirmed(tx, viewer.tenant, viewer.account).await?;
    let todos = imports.into_iter().map(|import| {
        let (rows, rejected) = (import.total_rows, import.rejected_count);
        let detail = format!("{rows} 行已核对，退回 {rejected} 行，等您确认");
        let deadline = Deadline { class: "soon", text: show::since(import.created_at, now) };
        let href = format!("/imports/{}", import.id);
        let verb = if import.mode == Mode::Compare { "开始对照" } else { "确认导入" };
        Todo { verb, title: import.file_name, detail, href, due: import.created_at, deadline }
    });
    Ok(todos.collect())
}
