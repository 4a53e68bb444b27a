//! A program that does not know whether its request has arrived sends it again, and is answered as it was the first time: it files once.
//! What it was answered is kept sealed for a while, since the receipt code in it is the reporter's.

use db::{Tx, record, statements};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::access::{Act, Token};
use crate::error::{Error, Result};
use crate::means::Means;

/// So long the key of a request stands for that request.
const KEY: SignedDuration = SignedDuration::from_hours(24);
/// So long the same words, of a client that gives no keys, are the same request.
const SAME_WORDS: SignedDuration = SignedDuration::from_mins(10);
const SEALED: &str = "token filing";

statements! {
    /// Whoever comes second waits here for the first.
    TAKE = "INSERT INTO token_filings (tenant_id, token_id, key, said, filed_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, token_id, key) DO NOTHING";
    GET = "SELECT said, answer_sealed FROM token_filings WHERE tenant_id = $1 AND token_id = $2 AND key = $3";
    ANSWER = "UPDATE token_filings SET answer_sealed = $4 WHERE tenant_id = $1 AND token_id = $2 AND key = $3";
    FORGET_ONE = "DELETE FROM token_filings WHERE tenant_id = $1 AND token_id = $2 AND key = $3 AND filed_at <= $4";
    FORGET = "DELETE FROM token_filings WHERE tenant_id = $1 AND filed_at <= $2";
}

record! {
    struct Filed { said: Vec<u8>, answer_sealed: Option<Vec<u8>> }
}

/// A request that is done once, however often it comes.
pub(super) struct Once {
    token: Uuid,
    key: String,
    said: Vec<u8>,
    lasts: SignedDuration,
}

impl Once {
    /// By the key that a program has given it.
    ///
    /// Errors: refused where that is no key.
    pub fn by_key(token: &Token, means: &Means, key: &str, said: &str) -> Result<Once> {
        if !(1..=255).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::refused("请求头 Idempotency-Key 要是 1 到 255 个可见的 ASCII 字符"));
        }
        let said = fingerprint(token, means, said);
        Ok(Once { token: token.id, key: format!("key:{key}"), said, lasts: KEY })
    }

    /// By what it says.
    pub fn by_words(token: &Token, means: &Means, said: &str) -> Once {
        let said = fingerprint(token, means, said);
        let key = said.iter().fold("said:".to_owned(), |key, byte| format!("{key}{byte:02x}"));
        Once { token: token.id, key, said, lasts: SAME_WORDS }
    }

    /// What was answered the first time; `None` this first time, for [`keep`](Once::keep) to be called in the same transaction.
    ///
    /// Errors: refused where the key stands for another request.
    pub async fn answered(&self, tx: &mut Tx, act: &Act) -> Result<Option<String>> {
        let row = FORGET_ONE.bind(act.tenant).bind(self.token).bind(&self.key).bind(act.at - self.lasts);
        tx.execute(row).await?;
        let row = TAKE.bind(act.tenant).bind(self.token).bind(&self.key).bind(self.said.as_slice()).bind(act.at);
        if tx.execute(row).await? > 0 {
            return Ok(None);
        }
        let filed: Filed = tx.one(GET.bind(act.tenant).bind(self.token).bind(&self.key)).await?;
        if filed.said != self.said {
            return Err(Error::refused("这个 Idempotency-Key 已经用在另一个请求上，请换一个"));
        }
        let sealed = filed.answer_sealed.ok_or_else(|| anyhow::anyhow!("a filing without its answer"))?;
        Ok(Some(act.open(SEALED, &sealed)?))
    }

    pub async fn keep(&self, tx: &mut Tx, act: &Act, answer: &str) -> Result<()> {
        let sealed = act.seal(SEALED, answer)?;
        tx.execute(ANSWER.bind(act.tenant).bind(self.token).bind(&self.key).bind(sealed)).await?;
        Ok(())
    }
}

fn fingerprint(token: &Token, means: &Means, said: &str) -> Vec<u8> {
    means.keys.fingerprint(token.tenant, SEALED, said)
}

/// Removes what no request can be the same as any more.
pub async fn forget_old(tx: &mut Tx, act: &Act) -> Result<()> {
    tx.execute(FORGET.bind(act.tenant).bind(act.at - KEY)).await?;
    Ok(())
}
