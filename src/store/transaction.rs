//! One transaction, whole or not at all, and what goes wrong inside of it.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, TransactionBehavior};

use super::instruments::Instruments;
use super::{Store, StoreError};

/// A failure inside of a transaction: the database's own, or ours.
#[derive(Debug)]
pub(super) enum Failure {
    Sqlite(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// As the error of the database in `file`.
    pub(super) fn of(self, file: &Path) -> StoreError {
        match self {
            Self::Sqlite(error) => StoreError::sqlite(file, error),
            Self::Store(error) => error,
        }
    }
}

impl Store {
    /// Does `work` in one transaction that no other writer is in.
    pub(super) fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Instruments) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let (connection, instruments) = (&mut self.connection, &mut self.instruments);
        let attempt = || {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction, instruments)?;
            transaction.commit()?;
            Ok(done)
        };
        let done = attempt();
        if done.is_err() {
            self.instruments.forget();
        }
        done.map_err(|failure: Failure| failure.of(&self.file))
    }

    /// Does `work` on one state of the database, whatever is written meanwhile.
    pub(super) fn in_snapshot<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let read = || {
            let transaction = self.connection.unchecked_transaction()?;
            work(&transaction)
        };
        read().map_err(|failure: Failure| failure.of(&self.file))
    }
}

/// This machine's clock, ms since 1970 UTC.
pub(super) fn now() -> i64 {
    let age = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis());
    i64::try_from(age).unwrap_or(i64::MAX)
}
