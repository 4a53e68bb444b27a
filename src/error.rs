//! What an operation can end in. Each kind knows how it is said to a person; `web::failure` turns it into a page.

/// The result of an operation.
pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is out of the reach of whoever asks: the two look alike from outside.
    #[error("没有找到这个内容，可能已被删除，或不在您的管理范围内。")]
    NotFound,
    /// The role of whoever asks does not include this.
    #[error("您的角色不能做这件事。如果工作需要，请联系安全管理员。")]
    Forbidden,
    /// Another program has brought no token, or one that is no longer good.
    #[error("没有有效的令牌。请求头要有 Authorization: Bearer 加令牌；令牌可能写错、已到期或已作废。")]
    Unrecognised,
    /// A rule of the domain says no. The sentence says which, and how to go on.
    #[error("{0}")]
    Refused(String),
    /// Somebody else was first. The sentence says who did what.
    #[error("{0}")]
    Stale(String),
    /// Somebody elsewhere does not answer now, and may be down for days. The sentence says how.
    #[error("{0}")]
    Unreachable(String),
    /// The same sender has asked too often.
    #[error("操作太频繁，请 {0} 秒后再试。您填写的内容没有提交。")]
    TooMany(u64),
    /// What was sent is larger than the limit, in megabytes.
    #[error("上传的内容超过 {0} MB，没有保存。请压缩或减少照片后重试。")]
    TooLarge(usize),
    #[error("数据库出错")]
    Db(db::Error),
    #[error("程序出错：{0}")]
    Internal(anyhow::Error),
}

impl Error {
    pub fn refused(sentence: impl Into<String>) -> Self {
        Error::Refused(sentence.into())
    }
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::NotFound => Error::NotFound,
            other => Error::Db(other),
        }
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Error::Internal(error)
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Error::Internal(error.into())
    }
}
