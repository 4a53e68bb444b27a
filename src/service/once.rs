//! A form that comes twice, since somebody has tapped twice or the answer was lost on its way, makes one need or one issue. The form has an id that
//! was made with it; whoever comes first holds its row until what it makes is there, and whoever comes second is told what was made.

use db::{Tx, record, statements};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::access::Act;
use crate::error::Result;
use crate::web::Form;

statements! {
    BEGIN = "INSERT INTO service_forms (tenant_id, id, begun_at) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, id) DO NOTHING";
    SET_MADE = "UPDATE service_forms SET made_id = $3, number = $4 WHERE tenant_id = $1 AND id = $2";
    MADE = "SELECT made_id, number FROM service_forms WHERE tenant_id = $1 AND id = $2";
    SWEEP = "DELETE FROM service_forms WHERE tenant_id = $1 AND begun_at < $2";
}

record! {
    /// What a form has made before.
    pub struct Made { pub made_id: Option<Uuid>, pub number: Option<String> }
}

/// The name of the hidden field.
pub const FIELD: &str = "form";

/// So long somebody may send a form again.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// What a form has made already, if it has; else it is being sent now. Where a form has no id, nobody can send it twice.
pub async fn made(tx: &mut Tx, act: &Act, form: &Form) -> Result<Option<Made>> {
    let Ok(id) = form.value(FIELD).parse::<Uuid>() else { return Ok(None) };
    if tx.execute(BEGIN.bind(act.tenant).bind(id).bind(act.at)).await? > 0 {
        return Ok(None);
    }
    Ok(Some(tx.one(MADE.bind(act.tenant).bind(id)).await?))
}

/// Notes what a form has made, in the transaction in which it was begun.
pub async fn note(tx: &mut Tx, act: &Act, form: &Form, (made, number): (Uuid, Option<&str>)) -> Result<()> {
    let Ok(id) = form.value(FIELD).parse::<Uuid>() else { return Ok(()) };
    tx.execute(SET_MADE.bind(act.tenant).bind(id).bind(made).bind(number)).await?;
    Ok(())
}

/// Removes what nobody sends again.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    tx.execute(SWEEP.bind(act.tenant).bind(act.at - KEPT)).await?;
    Ok(())
}
