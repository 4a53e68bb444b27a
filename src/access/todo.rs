use db::Tx;
use jiff::Timestamp;

use super::{Permission, Viewer, store, token};
use crate::error::Result;
use crate::web::{Todo, show};

/// The people who cannot sign in, for whoever can help them, and the tokens that somebody has to approve.
pub async fn todo(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    let mut todos = shut_out(tx, viewer, now).await?;
    if viewer.may(Permission::InterfaceApprove) {
        let mut tokens = token::list(tx, viewer.tenant).await?;
        tokens.retain(|token| token.waits() && token.lets_in(&now));
        todos.extend(tokens.into_iter().map(|token| Todo {
            verb: "批准令牌",
            detail: token.opens(),
            title: token.name,
            href: "/tokens/approvals".to_owned(),
            due: token.created_at,
            deadline: show::Deadline { class: "soon", text: show::since(token.created_at, now) },
        }));
    }
    Ok(todos)
}

async fn shut_out(tx: &mut Tx, viewer: &Viewer, now: Timestamp) -> Result<Vec<Todo>> {
    if !viewer.may(Permission::AccountManage) {
        return Ok(Vec::new());
    }
    let shut_out = store::shut_out(tx, viewer.tenant, now).await?;
    Ok(shut_out
        .into_iter()
        .map(|account| {
            let locked = account.locked_until.filter(|until| *until > now);
            let (verb, detail, due) = match locked {
                Some(until) => ("解锁账号", format!("密码输错太多次，锁到 {}", show::moment(&until)), until),
                None => ("发邀请", "还没有能用的手机，邀请已用过或过期".to_owned(), account.created_at),
            };
            let deadline =
                show::Deadline { class: "soon", text: if locked.is_some() { "已锁定" } else { "进不来" }.into() };
            Todo { verb, title: account.name, detail, href: format!("/accounts/{}", account.id), due, deadline }
        })
        .collect())
}
