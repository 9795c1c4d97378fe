//! The connection to Redis, and its repair.

use std::time::{Duration, Instant};

use redis::cluster::{ClusterConnection, cluster_pipe};
use redis::{Cmd, Connection, ConnectionLike, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};

use crate::address::RedisClient;

/// A client and its connection, which is made when it is needed and dropped when it fails.
pub(crate) struct Server {
    client: RedisClient,
    connection: Option<AnyConnection>,
}

pub(crate) enum AnyConnection {
    One(Box<Connection>),
    Cluster(Box<ClusterConnection>),
}

impl Server {
    pub(crate) fn new(client: RedisClient) -> Self {
        Self { client, connection: None }
    }

    /// Runs an operation, and once more on a new connection if the connection was the cause of a failure. So an operation must have
    /// the same result if it runs twice.
    pub(crate) fn run<T>(
        &mut self,
        deadline: Instant,
        operation: &dyn Fn(&mut AnyConnection) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let first = self.run_once(deadline, operation);
        match first {
            Err(error) if needs_new_connection(&error) && Instant::now() < deadline => {
                self.connection = None;
                self.run_once(deadline, operation).inspect_err(|_| self.connection = None)
            }
            Err(error) => {
                if needs_new_connection(&error) {
                    self.connection = None;
                }
                Err(error)
            }
            result => result,
        }
    }

    fn run_once<T>(
        &mut self,
        deadline: Instant,
        operation: &dyn Fn(&mut AnyConnection) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let left = || deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.client.connect(left())?,
        };
        connection.limit(left())?;
        let result = operation(&mut connection);
        self.connection = Some(connection);
        result
    }
}

/// Whether another connection could succeed: this one failed, or its server is no longer the one that can write.
fn needs_new_connection(error: &RedisError) -> bool {
    error.is_unrecoverable_error()
        || error.is_io_error()
        || error.is_timeout()
        || matches!(
            error.kind(),
            ErrorKind::Parse
                | ErrorKind::UnexpectedReturnType
                | ErrorKind::Server(
                    ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::BusyLoading
                )
        )
}

impl RedisClient {
    fn connect(&mut self, limit: Duration) -> RedisResult<AnyConnection> {
        let one = |client: &redis::Client| Ok(AnyConnection::One(Box::new(client.get_connection_with_timeout(limit)?)));
        match self {
            Self::Single(client) => one(client),
            Self::Sentinel(sentinel) => one(&sentinel.get_client()?),
            Self::Cluster(client) => {
                let config =
                    redis::cluster::ClusterConfig::new().set_connection_timeout(limit).set_response_timeout(limit);
                Ok(AnyConnection::Cluster(Box::new(client.get_connection_with_config(config)?)))
            }
        }
    }
}

impl AnyConnection {
    /// Limits each read and write. The worker limits the operation as a whole.
    fn limit(&self, limit: Duration) -> RedisResult<()> {
        match self {
            Self::One(connection) => {
                connection.set_read_timeout(Some(limit))?;
                connection.set_write_timeout(Some(limit))
            }
            Self::Cluster(connection) => {
                connection.set_read_timeout(Some(limit))?;
                connection.set_write_timeout(Some(limit))
            }
        }
    }

    pub(crate) fn as_dyn(&mut self) -> &mut dyn ConnectionLike {
        match self {
            Self::One(connection) => &mut **connection,
            Self::Cluster(connection) => &mut **connection,
        }
    }

    /// Sends all commands at once, in a cluster to each of its servers.
    pub(crate) fn run_all(&mut self, commands: &[Cmd]) -> RedisResult<Vec<Value>> {
        match self {
            Self::One(connection) => {
                let mut pipe = redis::pipe();
                for command in commands {
                    pipe.add_command(command.clone());
                }
                pipe.query(&mut **connection)
            }
            Self::Cluster(connection) => {
                let mut pipe = cluster_pipe();
                for command in commands {
                    pipe.add_command(command.clone());
                }
                pipe.query(connection)
            }
        }
    }
}
