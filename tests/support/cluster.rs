//! A PostgreSQL of our own for one run of the tests: started when the first test asks for it, reached through a socket
//! in a private directory, and gone when this process is, however it ends.
//!
//! It does not wait for the disk, unless `DOORSTEP_TEST_FSYNC=on`, since tests need no data that outlives them.
//! `DOORSTEP_TEST_POSTGRES_URL` names a server to use instead, and `CITUS_URL` one with the Citus extension; its user must
//! be allowed to create databases. Those that the run made there are dropped at its end.
#![allow(clippy::expect_used)] // clippy's own leave covers only `#[test]` functions

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Makes the server, says where it is, and then is a psql that reads what we write. When our end of its standard input
/// closes, psql ends, and the server and its directory go. `$0` is this text itself: a server refuses to run as root,
/// so root starts it over as the user `postgres`.
const PRIVATE_SERVER: &str = r#"
[ "$(id -u)" = 0 ] && exec setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups sh -c "$0" "$0"
if ! command -v initdb >/dev/null; then
    for bin in /usr/lib/postgresql/*/bin; do PATH="$bin:$PATH"; done # the newest ends up first
fi
command -v initdb >/dev/null || { echo 'no initdb on PATH or in /usr/lib/postgresql/*/bin' >&2; exit 1; }

home=$(mktemp -d "${TMPDIR:-/tmp}/doorstep-postgres.XXXXXX") && cd "$home" || exit 1
trap 'cd /; rm -rf "$home"' EXIT
initdb -D data -U doorstep -A trust -E UTF8 --no-locale --no-sync >log 2>&1 || { cat log >&2; exit 1; }
postgres -D data -k "$home" -c listen_addresses= -c max_connections=200 -c shared_buffers=64MB \
    -c fsync="${DOORSTEP_TEST_FSYNC:-off}" -c full_page_writes="${DOORSTEP_TEST_FSYNC:-off}" \
    -c synchronous_commit="${DOORSTEP_TEST_FSYNC:-off}" </dev/null >log 2>&1 &
server=$!
tries=0
until pg_isready -q -h "$home"; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ] || ! kill -0 $server; then cat log >&2; kill -QUIT $server; wait; exit 1; fi
    sleep 0.05
done
echo "$home"
psql -X -q -h "$home" -U doorstep postgres
kill -QUIT $server
wait
"#;

/// The same on a server that is already there: `$0` is its address, `$1` the mark that our databases carry.
const EXISTING_SERVER: &str = r#"
command -v psql >/dev/null || { echo 'no psql on PATH' >&2; exit 1; }
echo "$0"
psql -X -q "$0"
psql -X -q "$0" <<SQL
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
WHERE shobj_description(oid, 'pg_database') = '$1' \gexec
SQL
"#;

/// A server and the session on it that makes databases.
pub struct Cluster {
    /// What stands before and after a database's name in its address.
    address: (String, String),
    /// Marks the databases of this run.
    mark: String,
    session: Mutex<Session>,
}

struct Session {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _shell: Child,
}

/// The server of this process, started by the first call, which takes about two seconds.
///
/// # Panics
/// When it cannot be started; why is on standard error.
pub fn shared() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    let given = ["CITUS_URL", "DOORSTEP_TEST_POSTGRES_URL"].iter().find_map(|name| std::env::var(name).ok());
    CLUSTER.get_or_init(|| match given.filter(|url| !url.is_empty()) {
        Some(url) => Cluster::existing(&url),
        None => Cluster::private(),
    })
}

impl Cluster {
    fn private() -> Cluster {
        let (session, home) = Session::start(&[PRIVATE_SERVER, PRIVATE_SERVER]);
        let address = ("postgres:///".to_owned(), format!("?host={}&user=doorstep", percent_encoded(&home)));
        Cluster { address, mark: mark(), session: Mutex::new(session) }
    }

    fn existing(url: &str) -> Cluster {
        let mark = mark();
        let (session, _) = Session::start(&[EXISTING_SERVER, url, &mark]);
        let (path, query) = url.split_at(url.find('?').unwrap_or(url.len()));
        let authority = path.find("://").expect("DOORSTEP_TEST_POSTGRES_URL begins with postgres://") + 3;
        let end = path[authority..].find('/').map_or(path.len(), |slash| authority + slash);
        Cluster { address: (format!("{}/", &path[..end]), query.to_owned()), mark, session: Mutex::new(session) }
    }

    /// The address of a database there, such as `postgres:///t1?host=%2Ftmp%2Fdoorstep-postgres.x&user=doorstep`.
    pub fn url(&self, database: &str) -> String {
        let (before, after) = &self.address;
        format!("{before}{database}{after}")
    }

    /// Makes a database, empty or the copy of another that nobody is connected to. `name` is lower-case letters, digits
    /// and underscores.
    ///
    /// # Panics
    /// With the server's words when it refuses.
    pub fn create_database(&self, name: &str, template: Option<&str>) {
        let template = template.unwrap_or("template0");
        for name in [name, template] {
            assert!(name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')), "a plain name, not {name:?}");
        }
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        // The files are copied as they are: page by page through the log takes twice as long.
        let made = session.run(&format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"));
        let marked = made.and_then(|()| session.run(&format!("COMMENT ON DATABASE {name} IS '{}'", self.mark)));
        drop(session);
        if let Err(refusal) = marked {
            panic!("database {name} was not made: {refusal}");
        }
    }

    /// Drops a database that `create_database` has made, whoever is still connected to it. One that stays goes with the server.
    pub fn drop_database(&self, name: &str) {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(refusal) = session.run(&format!("DROP DATABASE {name} WITH (FORCE)")) {
            eprintln!("database {name} was not dropped: {refusal}");
        }
    }
}

impl Session {
    /// Starts a shell script that says one line when it is ready, then runs SQL. Gives the session and that line.
    fn start(script: &[&str]) -> (Session, String) {
        let mut shell = Command::new("sh")
            .arg("-c")
            .args(script)
            .current_dir(std::env::temp_dir()) // the user postgres may not be let into ours
            .process_group(0) // Ctrl-C is for us: the shell has to stay and clean up
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let input = shell.stdin.take().expect("its input");
        let output = BufReader::new(shell.stdout.take().expect("its output"));
        let mut session = Session { input, output, _shell: shell };
        let ready = session.line();
        (session, ready)
    }

    /// Runs one statement; the error is the server's message.
    fn run(&mut self, statement: &str) -> Result<(), String> {
        writeln!(self.input, "{statement};\n\\echo :ERROR :LAST_ERROR_MESSAGE").expect("psql listens");
        match self.line().split_once(' ') {
            Some(("true", message)) => Err(message.to_owned()),
            _ => Ok(()), // the message of an earlier error stays behind
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let length = self.output.read_line(&mut line).expect("text");
        assert!(length > 0, "PostgreSQL for the tests is not there; standard error says why");
        line.trim_end().to_owned()
    }
}

fn mark() -> String {
    format!("doorstep test run {}", std::process::id())
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => write!(encoded, "%{byte:02X}").expect("a string takes everything"),
        }
        encoded
    })
}
