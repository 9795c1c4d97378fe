//! Where Redis is: the forms of URL.

use std::fmt;
use std::path::PathBuf;

use apptoken_core::Error;
use percent_encoding::percent_decode_str;
use redis::cluster::ClusterClient;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo, TlsCertificates, TlsMode,
};
use zeroize::Zeroizing;

/// The servers that a URL names, and how to log in there.
pub(crate) struct Address {
    servers: Servers,
    tls: bool,
    login: Login,
    database: i64,
}

enum Servers {
    One(Host),
    Socket(PathBuf),
    Sentinels { hosts: Vec<Host>, service: String, login: Login },
    Cluster(Vec<Host>),
}

#[derive(Clone)]
struct Host {
    name: String,
    port: u16,
}

#[derive(Clone, Default)]
struct Login {
    user: Option<String>,
    password: Option<Zeroizing<String>>,
}

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// The client of the redis crate for an address.
pub(crate) enum RedisClient {
    Single(Box<Client>),
    Sentinel(Box<SentinelClient>),
    Cluster(Box<ClusterClient>),
}

impl Address {
    /// Reads a URL; no error contains it, because it can have a password.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refused("it has no scheme"))?;
        let (tls, kind) = match scheme.split_once('+').unwrap_or((scheme, "")) {
            ("redis" | "valkey", kind) => (false, kind),
            ("rediss" | "valkeys", kind) => (true, kind),
            _ => return Err(refused("its scheme is not known")),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Login::parse(login)?, hosts),
            None => (Login::default(), authority),
        };
        let mut query = Query::parse(query)?;
        let (servers, database) = match kind {
            "" => match <[Host; 1]>::try_from(Host::parse_all(hosts, PORT)?) {
                Ok([host]) => (Servers::One(host), path),
                Err(_) => return Err(refused("several servers need the scheme redis+sentinel or redis+cluster")),
            },
            "unix" if hosts.is_empty() && !path.is_empty() && !tls => {
                (Servers::Socket(PathBuf::from(format!("/{}", decoded(path)?))), "")
            }
            "unix" => return Err(refused("redis+unix:// is followed by the path of a socket, and has no TLS")),
            "sentinel" => {
                let (service, database) = path.split_once('/').unwrap_or((path, ""));
                if service.is_empty() {
                    return Err(refused("redis+sentinel:// needs the name of the service as its path"));
                }
                let login = Login {
                    user: query.take("sentinel_user"),
                    password: query.take("sentinel_password").map(Zeroizing::new),
                };
                let hosts = Host::parse_all(hosts, SENTINEL_PORT)?;
                (Servers::Sentinels { hosts, service: decoded(service)?, login }, database)
            }
            "cluster" if path.is_empty() => (Servers::Cluster(Host::parse_all(hosts, PORT)?), ""),
            "cluster" => return Err(refused("a cluster has no databases, so redis+cluster:// has no path")),
            _ => return Err(refused("its scheme is not known")),
        };
        let database = match query.take("db").as_deref().unwrap_or(database) {
            "" => 0,
            number => number.parse().map_err(|_| refused("the database is not a number"))?,
        };
        query.expect_empty()?;
        Ok(Self { servers, tls, login, database })
    }

    pub(crate) fn client(&self, root_certificates: Option<&[u8]>) -> Result<RedisClient, Error> {
        let certificates = TlsCertificates { client_tls: None, root_cert: root_certificates.map(<[u8]>::to_vec) };
        let certificates = self.tls.then_some(certificates);
        if self.tls {
            choose_crypto_provider();
        }
        // An error of the redis crate could contain a password only from a URL, and it gets none.
        self.redis_client(certificates)
            .map_err(|error| Error::invalid_input(format!("the Redis client cannot be set up: {error}")))
    }

    fn redis_client(&self, certificates: Option<TlsCertificates>) -> redis::RedisResult<RedisClient> {
        let info = |addr: ConnectionAddr| -> redis::RedisResult<ConnectionInfo> {
            Ok(addr.into_connection_info()?.set_redis_settings(self.login.settings(self.database)))
        };
        Ok(match &self.servers {
            Servers::One(host) => RedisClient::Single(Box::new(match certificates {
                Some(certificates) => Client::build_with_tls(info(host.addr(true))?, certificates)?,
                None => Client::open(info(host.addr(false))?)?,
            })),
            Servers::Socket(path) => {
                RedisClient::Single(Box::new(Client::open(info(ConnectionAddr::Unix(path.clone()))?)?))
            }
            Servers::Sentinels { hosts, service, login } => {
                let sentinels = hosts.iter().map(|host| host.addr(self.tls));
                let mut builder = SentinelClientBuilder::new(sentinels, service.clone(), SentinelServerType::Master)?
                    .set_client_to_redis_db(self.database);
                if let Some(user) = &self.login.user {
                    builder = builder.set_client_to_redis_username(user);
                }
                if let Some(password) = &self.login.password {
                    builder = builder.set_client_to_redis_password(password.as_str());
                }
                if let Some(user) = &login.user {
                    builder = builder.set_client_to_sentinel_username(user);
                }
                if let Some(password) = &login.password {
                    builder = builder.set_client_to_sentinel_password(password.as_str());
                }
                if let Some(certificates) = certificates {
                    builder = builder
                        .set_client_to_redis_tls_mode(TlsMode::Secure)
                        .set_client_to_redis_certificates(certificates.clone())
                        .set_client_to_sentinel_tls_mode(TlsMode::Secure)
                        .set_client_to_sentinel_certificates(certificates);
                }
                RedisClient::Sentinel(Box::new(builder.build()?))
            }
            Servers::Cluster(hosts) => {
                let nodes: Vec<ConnectionInfo> =
                    hosts.iter().map(|host| host.addr(self.tls).into_connection_info()).collect::<Result<_, _>>()?;
                // The store repeats an operation itself, within its limit.
                let mut builder = ClusterClient::builder(nodes).retries(2).min_retry_wait(20).max_retry_wait(100);
                if let Some(user) = &self.login.user {
                    builder = builder.username(user);
                }
                if let Some(password) = &self.login.password {
                    builder = builder.password(password.as_str());
                }
                if let Some(certificates) = certificates {
                    builder = builder.tls(TlsMode::Secure).certs(certificates);
                }
                RedisClient::Cluster(Box::new(builder.build()?))
            }
        })
    }
}

/// The redis crate takes the crypto provider of the process. Without one, and with several compiled in, rustls would panic.
fn choose_crypto_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have chosen one meanwhile, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// Without names and passwords.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let (kind, hosts, path) = match &self.servers {
            Servers::One(host) => ("", std::slice::from_ref(host), String::new()),
            Servers::Socket(path) => ("+unix", [].as_slice(), path.display().to_string()),
            Servers::Sentinels { hosts, service, .. } => ("+sentinel", hosts.as_slice(), format!("/{service}")),
            Servers::Cluster(hosts) => ("+cluster", hosts.as_slice(), String::new()),
        };
        let hosts: Vec<String> = hosts.iter().map(Host::to_string).collect();
        write!(f, "{scheme}{kind}://{}{path}", hosts.join(","))
    }
}

impl Host {
    fn parse_all(hosts: &str, default_port: u16) -> Result<Vec<Self>, Error> {
        hosts.split(',').map(|host| Self::parse(host, default_port)).collect()
    }

    fn parse(host: &str, default_port: u16) -> Result<Self, Error> {
        let (name, port) = match (host.rsplit_once(']'), host.rsplit_once(':')) {
            // An IPv6 address in brackets, which has colons of its own.
            (Some((name, port)), _) => (name.trim_start_matches('['), port.strip_prefix(':')),
            (None, Some((name, port))) => (name, Some(port)),
            (None, None) => (host, None),
        };
        if name.is_empty() {
            return Err(refused("the name of a server is missing"));
        }
        let port = match port {
            Some(port) => port.parse().map_err(|_| refused("the port of a server is not a number up to 65535"))?,
            None => default_port,
        };
        Ok(Self { name: name.to_owned(), port })
    }

    fn addr(&self, tls: bool) -> ConnectionAddr {
        let (host, port) = (self.name.clone(), self.port);
        if tls {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, port)
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, port } = self;
        if name.contains(':') { write!(f, "[{name}]:{port}") } else { write!(f, "{name}:{port}") }
    }
}

impl Login {
    /// `user:password`, or `:password` for the default user.
    fn parse(login: &str) -> Result<Self, Error> {
        let (user, password) =
            login.split_once(':').ok_or_else(|| refused("a user needs a password: user:password@"))?;
        let user = decoded(user)?;
        Ok(Self { user: (!user.is_empty()).then_some(user), password: Some(Zeroizing::new(decoded(password)?)) })
    }

    fn settings(&self, database: i64) -> RedisConnectionInfo {
        let mut settings = RedisConnectionInfo::default().set_db(database).set_skip_set_lib_name();
        if let Some(user) = &self.user {
            settings = settings.set_username(user);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password.as_str());
        }
        settings
    }
}

/// The parameters of a URL.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(query: &str) -> Result<Self, Error> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((name.to_owned(), decoded(value)?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let position = self.0.iter().position(|(found, _)| found == name)?;
        Some(self.0.remove(position).1)
    }

    fn expect_empty(&self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(refused("it has a parameter that is not known")) }
    }
}

fn decoded(text: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.map_err(|_| refused("what it escapes is not UTF-8"))?.into_owned())
}

fn refused(why: &str) -> Error {
    Error::invalid_input(format!(
        "the URL of the session store is wrong: {why}; the forms are redis://user:password@host:6379/0, rediss:// with TLS, \
         redis+unix:///path, redis+sentinel://host,host/service and redis+cluster://host,host"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read_and_shown_without_its_login() {
        for (url, shown) in [
            ("redis://localhost", "redis://localhost:6379"),
            ("valkey://localhost:7000/3", "redis://localhost:7000"),
            ("rediss://:secret@cache.example.org/0", "rediss://cache.example.org:6379"),
            ("redis://app:p%40ss:word@[2001:db8::1]:6380", "redis://[2001:db8::1]:6380"),
            ("redis+unix:///run/redis/redis.sock?db=2", "redis+unix:///run/redis/redis.sock"),
            (
                "redis+sentinel://app:secret@s1,s2:5000/main/1?sentinel_password=other",
                "redis+sentinel://s1:26379,s2:5000/main",
            ),
            ("rediss+cluster://app:secret@n1,n2:7001", "rediss+cluster://n1:6379,n2:7001"),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.to_string(), shown);
            assert!(address.client(None).is_ok(), "{url}");
        }
        let address = Address::parse("redis://app:p%40ss:word@[2001:db8::1]:6380/7").unwrap();
        let Login { user, password } = address.login;
        assert_eq!((user.as_deref(), password.as_deref().map(String::as_str)), (Some("app"), Some("p@ss:word")));
        assert_eq!(address.database, 7);
    }

    #[test]
    fn other_forms_are_refused_without_showing_them() {
        for url in [
            "",
            "localhost",
            "http://secret",
            "redis://",
            "redis://:secret@",
            "redis://secret@host",
            "redis://h:secret",
            "redis://h/secret",
            "redis://h?secret=1",
            "redis://a,b",
            "redis+unix://secret/path",
            "rediss+unix:///secret",
            "redis+sentinel://a,b",
            "redis+sentinel://a/",
            "redis+cluster://a/1",
            "redis+secret://a",
            "redis://%ff:secret@h",
        ] {
            let error = Address::parse(url).map(|_| ()).unwrap_err().to_string();
            assert!(!error.contains("secret") && error.contains("redis+sentinel://"), "{url}: {error}");
        }
    }
}
