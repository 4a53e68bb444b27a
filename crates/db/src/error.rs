/// What a statement can end in. `Duplicate` and `Dangling` are ordinary answers that callers match on;
/// the rest is a fault of the program or of its surroundings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("already exists ({0})")]
    Duplicate(String),
    #[error("refers to something that does not exist")]
    Dangling,
    #[error("not found")]
    NotFound,
    #[error("{found} values bound to {wanted} placeholders in {name}")]
    Arity { name: &'static str, wanted: usize, found: usize },
    #[error("column {column} holds {value:?}, which the program does not know")]
    Unknown { column: String, value: String },
    #[error("migration {0} has changed since it was applied")]
    MigrationChanged(String),
    #[error("the database was made by a newer version of the program (migration {0})")]
    MigrationAhead(String),
    #[error("{0:?} is no database address; use sqlite:PATH or postgres://…")]
    Address(String),
    #[error(transparent)]
    Driver(sqlx::Error),
}

pub type Result<T> = std::result::Result<T, Error>;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind::{ForeignKeyViolation, UniqueViolation};
        match error.as_database_error().map(|e| (e.kind(), e.message().to_owned())) {
            Some((UniqueViolation, message)) => Error::Duplicate(message),
            Some((ForeignKeyViolation, _)) => Error::Dangling,
            _ if matches!(error, sqlx::Error::RowNotFound) => Error::NotFound,
            _ => Error::Driver(error),
        }
    }
}
