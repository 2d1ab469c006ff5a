//! The client of Cassandra and ScyllaDB behind a C interface, which driver.h beside this folder describes. It has threads
//! of its own; what it is given is copied before a call returns.

use std::ffi::{c_char, c_void, CStr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use openssl::ssl::{SslConnector, SslMethod};
use scylla::authentication::{AuthError, AuthenticatorProvider, AuthenticatorSession};
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::deserialize::row::ColumnIterator;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use scylla::frame::response::result::ColumnType;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::response::{PagingState, PagingStateResponse};
use scylla::serialize::value::SerializeValue;
use scylla::serialize::writers::{CellWriter, WrittenCellProof};
use scylla::serialize::SerializationError;
use scylla::statement::prepared::PreparedStatement;
use scylla::statement::{Consistency, Statement};
use tokio::runtime::Runtime;
use tokio::sync::{watch, Semaphore};
use tokio::time::{sleep, timeout_at, Instant};

const DONE: u32 = 0;
const AWAY: u32 = 1;
const REFUSED: u32 = 2;

// Statements of one call that are on their way at once: enough to fill the line, too few to flood a node.
const AT_ONCE: usize = 64;
const TRIES_MAX: u32 = 5;
const PAUSE_FIRST_MS: u64 = 50;
// Definitions wait for every node to agree.
const DEFINITION_MAX: Duration = Duration::from_secs(60);

#[repr(C)]
pub struct Bytes {
    data: *const u8,
    size: usize,
}

impl Bytes {
    fn copied(&self) -> Vec<u8> {
        if self.size == 0 {
            return Vec::new();
        }
        unsafe { std::slice::from_raw_parts(self.data, self.size) }.to_vec()
    }
}

#[repr(C)]
pub struct Options {
    nodes: *const c_char,
    keyspace: *const c_char,
    datacenter: *const c_char,
    user: *const c_char,
    password_file: *const c_char,
    authority: *const c_char,
    deadline_ms: u32,
}

#[repr(C)]
pub struct Request {
    statement: u32,
    values: *const Bytes,
    values_count: usize,
    page_rows: i32,
    one_page: bool,
    page: Bytes,
}

/// What C reads of it, and what keeps that alive.
#[repr(C)]
pub struct Answer {
    kind: u32,
    retries: u32,
    bytes: Bytes,
    _kept: Vec<u8>,
}

impl Answer {
    fn boxed(kind: u32, retries: u32, kept: Vec<u8>) -> *mut Answer {
        let bytes = Bytes { data: kept.as_ptr(), size: kept.len() };
        Box::into_raw(Box::new(Answer { kind, retries, bytes, _kept: kept }))
    }
}

struct Failure {
    kind: u32,
    say: String,
}

pub struct Client {
    runtime: Option<Runtime>,
    session: Option<Arc<Session>>,
    statements: RwLock<Vec<PreparedStatement>>,
    turns: Arc<Semaphore>,
    deadline: Duration,
    closing: watch::Sender<bool>,
    under_way: Arc<(Mutex<usize>, Condvar)>,
}

/// A value in the protocol's own bytes, whatever its type.
struct Raw(Vec<u8>);

impl SerializeValue for Raw {
    fn serialize<'b>(
        &self,
        _: &ColumnType,
        writer: CellWriter<'b>,
    ) -> Result<WrittenCellProof<'b>, SerializationError> {
        writer.set_value(&self.0).map_err(SerializationError::new)
    }
}

/// The password is read for each connection, so a changed one is taken up.
struct Password {
    user: String,
    file: String,
}

#[async_trait]
impl AuthenticatorProvider for Password {
    async fn start_authentication_session(
        &self,
        _: &str,
    ) -> Result<(Option<Vec<u8>>, Box<dyn AuthenticatorSession>), AuthError> {
        let text = if self.file.is_empty() {
            String::new()
        } else {
            std::fs::read_to_string(&self.file).map_err(|error| format!("{}: {error}", self.file))?
        };
        let password = text.lines().next().unwrap_or_default();
        Ok((Some(format!("\0{}\0{password}", self.user).into_bytes()), Box::new(NoChallenge)))
    }
}

struct NoChallenge;

#[async_trait]
impl AuthenticatorSession for NoChallenge {
    async fn evaluate_challenge(&mut self, _: Option<&[u8]>) -> Result<Option<Vec<u8>>, AuthError> {
        Err("the server asks for more than a password".into())
    }
    async fn success(&mut self, _: Option<&[u8]>) -> Result<(), AuthError> {
        Ok(())
    }
}

fn text(words: *const c_char) -> String {
    unsafe { CStr::from_ptr(words) }.to_string_lossy().into_owned()
}

async fn connect(options: Words, deadline: Duration) -> Result<Session, String> {
    let mut policy = DefaultPolicy::builder().token_aware(true);
    if !options.datacenter.is_empty() {
        policy = policy.prefer_datacenter(options.datacenter);
    }
    let profile = ExecutionProfile::builder()
        .consistency(Consistency::LocalQuorum)
        .request_timeout(Some(deadline))
        .load_balancing_policy(policy.build())
        .build();
    let mut builder = SessionBuilder::new()
        .known_nodes(options.nodes.split(','))
        .connection_timeout(deadline)
        .keyspaces_to_fetch([options.keyspace])
        .default_execution_profile_handle(profile.into_handle());
    if !options.user.is_empty() {
        let password = Password { user: options.user, file: options.password_file };
        builder = builder.authenticator_provider(Arc::new(password));
    }
    if !options.authority.is_empty() {
        let mut tls = SslConnector::builder(SslMethod::tls_client()).map_err(|error| error.to_string())?;
        tls.set_ca_file(&options.authority).map_err(|error| format!("{}: {error}", options.authority))?;
        builder = builder.tls_context(Some(tls));
    }
    builder.build().await.map_err(|error| format!("{error}: {error:?}"))
}

struct Words {
    nodes: String,
    keyspace: String,
    datacenter: String,
    user: String,
    password_file: String,
    authority: String,
}

impl Words {
    fn of(options: &Options) -> Words {
        Words {
            nodes: text(options.nodes),
            keyspace: text(options.keyspace),
            datacenter: text(options.datacenter),
            user: text(options.user),
            password_file: text(options.password_file),
            authority: text(options.authority),
        }
    }
}

/// Whether the statement itself is at fault, so that no other try and no other node will do better.
fn is_refusal(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::BadQuery(_) => true,
        ExecutionError::LastAttemptError(RequestAttemptError::SerializationError(_)) => true,
        ExecutionError::LastAttemptError(RequestAttemptError::DbError(error, _)) => matches!(
            error,
            DbError::SyntaxError
                | DbError::Invalid
                | DbError::AlreadyExists { .. }
                | DbError::FunctionFailure { .. }
                | DbError::AuthenticationError
                | DbError::Unauthorized
                | DbError::ConfigError
        ),
        _ => false,
    }
}

struct Ask {
    prepared: PreparedStatement,
    values: Vec<Raw>,
    one_page: bool,
    page: Vec<u8>,
}

fn append(out: &mut Vec<u8>, value: Option<&[u8]>) {
    out.extend_from_slice(&value.map_or(-1, |value| value.len() as i32).to_be_bytes());
    out.extend_from_slice(value.unwrap_or_default());
}

fn away(error: impl std::fmt::Display) -> Failure {
    Failure { kind: AWAY, say: error.to_string() }
}

/// One page, tried again while that may help: everything that is asked here may be done twice.
async fn page(
    session: &Session,
    ask: &Ask,
    state: PagingState,
    deadline: Instant,
    retries: &AtomicU32,
) -> Result<(scylla::response::query_result::QueryResult, PagingStateResponse), Failure> {
    let mut pause = PAUSE_FIRST_MS;
    for tried in 1.. {
        let answer = timeout_at(deadline, session.execute_single_page(&ask.prepared, &ask.values[..], state.clone()));
        let error = match answer.await {
            Err(_) => return Err(away("no answer within the deadline")),
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
        };
        if is_refusal(&error) {
            return Err(Failure { kind: REFUSED, say: format!("{error} ({})", ask.prepared.get_statement()) });
        }
        if tried == TRIES_MAX {
            return Err(away(error));
        }
        retries.fetch_add(1, Ordering::Relaxed);
        // Between half of it and all of it, so that many callers do not come back together.
        let wait = Duration::from_millis(pause / 2 + rand_below(pause / 2));
        if timeout_at(deadline, sleep(wait)).await.is_err() {
            return Err(away(error));
        }
        pause *= 2;
    }
    unreachable!()
}

fn rand_below(limit: u64) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() % limit.max(1)
}

/// Its rows, then where to go on: each cell as its size and bytes, each row after a 1, a 0 at their end.
async fn rows(session: &Session, ask: Ask, deadline: Instant, retries: &AtomicU32) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    let mut state = match ask.page.is_empty() {
        true => PagingState::start(),
        false => PagingState::new_from_raw_bytes(ask.page.as_slice()),
    };
    loop {
        let (answer, next) = page(session, &ask, state, deadline, retries).await?;
        if answer.is_rows() {
            let answer = answer.into_rows_result().map_err(away)?;
            for row in answer.rows::<ColumnIterator>().map_err(away)? {
                out.push(1);
                for cell in row.map_err(away)? {
                    append(&mut out, cell.map_err(away)?.slice.map(|slice| slice.as_slice()));
                }
            }
        }
        // A page may be short or empty with more behind it.
        let more = match next {
            PagingStateResponse::HasMorePages { state } => Some(state),
            PagingStateResponse::NoMorePages => None,
        };
        match more {
            Some(next) if !ask.one_page => state = next,
            more => {
                out.push(0);
                append(&mut out, more.as_ref().and_then(|state| state.as_bytes_slice()).map(|bytes| &bytes[..]));
                return Ok(out);
            }
        }
    }
}

/// Nobody waits for a call of more than AT_ONCE statements, such as a fan-out: all such calls share that many, so that
/// they do not make the others late, and each of their statements has the deadline from its turn on.
async fn all(
    session: Arc<Session>,
    turns: Arc<Semaphore>,
    asks: Vec<Ask>,
    deadline: Duration,
    retries: &AtomicU32,
) -> Result<Vec<u8>, Failure> {
    let began = Instant::now();
    let (session, turns) = (&session, (asks.len() > AT_ONCE).then_some(&turns));
    let mut answers = stream::iter(asks.into_iter().map(|ask| async move {
        let Some(turns) = turns else { return rows(session, ask, began + deadline, retries).await };
        let _turn = turns.acquire().await.map_err(away)?;
        rows(session, ask, Instant::now() + deadline, retries).await
    }))
    .buffered(AT_ONCE);
    let mut out = Vec::new();
    while let Some(answer) = answers.next().await {
        out.append(&mut answer?);
    }
    Ok(out)
}

#[no_mangle]
pub extern "C" fn kith_cassandra_open(options: &Options, failed: &mut *mut Answer) -> *mut Client {
    let deadline = Duration::from_millis(options.deadline_ms.into());
    let refuse = |failed: &mut *mut Answer, say: String| {
        let kind = if say.contains("AuthenticationError") || say.contains("Unauthorized") { REFUSED } else { AWAY };
        *failed = Answer::boxed(kind, 0, say.into_bytes());
        std::ptr::null_mut()
    };
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("cassandra").enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return refuse(failed, error.to_string()),
        };
    let connected = runtime.block_on(async { tokio::time::timeout(deadline, connect(Words::of(options), deadline)).await });
    let session = match connected {
        Err(_) => return refuse(failed, "no answer within the deadline".into()),
        Ok(Err(error)) => return refuse(failed, error),
        Ok(Ok(session)) => session,
    };
    Box::into_raw(Box::new(Client {
        runtime: Some(runtime),
        session: Some(Arc::new(session)),
        statements: RwLock::default(),
        turns: Arc::new(Semaphore::new(AT_ONCE)),
        deadline,
        closing: watch::channel(false).0,
        under_way: Arc::default(),
    }))
}

#[no_mangle]
pub extern "C" fn kith_cassandra_close(client: *mut Client) {
    let mut client = unsafe { Box::from_raw(client) };
    client.closing.send_replace(true);
    let (count, ended) = &*client.under_way;
    drop(ended.wait_while(count.lock().unwrap(), |count| *count > 0).unwrap());
    let runtime = client.runtime.take().unwrap();
    let session = client.session.take();
    runtime.block_on(async move { drop(session) });
    runtime.shutdown_timeout(Duration::from_secs(10));
}

#[no_mangle]
pub extern "C" fn kith_cassandra_define(client: &Client, statement: Bytes) -> *mut Answer {
    let mut statement = Statement::new(String::from_utf8_lossy(&statement.copied()));
    statement.set_request_timeout(Some(DEFINITION_MAX));
    let session = client.session.as_ref().unwrap();
    match client.runtime.as_ref().unwrap().block_on(session.query_unpaged(statement, ())) {
        Ok(_) => Answer::boxed(DONE, 0, Vec::new()),
        Err(error) => Answer::boxed(if is_refusal(&error) { REFUSED } else { AWAY }, 0, error.to_string().into_bytes()),
    }
}

#[no_mangle]
pub extern "C" fn kith_cassandra_prepare(client: &Client, statement: Bytes, failed: &mut *mut Answer) -> u32 {
    let session = client.session.as_ref().unwrap();
    let mut statement = Statement::new(String::from_utf8_lossy(&statement.copied()));
    statement.set_is_idempotent(true);
    let prepared = client.runtime.as_ref().unwrap().block_on(async {
        tokio::time::timeout(client.deadline, session.prepare(statement)).await
    });
    let say = match prepared {
        Ok(Ok(mut prepared)) => {
            prepared.set_use_cached_result_metadata(true);
            let mut statements = client.statements.write().unwrap();
            statements.push(prepared);
            return statements.len() as u32 - 1;
        }
        Ok(Err(error)) => format!("{error}: {error:?}"),
        Err(_) => "no answer within the deadline".into(),
    };
    *failed = Answer::boxed(REFUSED, 0, say.into_bytes());
    0
}

/// A pointer that C answers for.
struct Context(*mut c_void);
unsafe impl Send for Context {}

#[no_mangle]
pub extern "C" fn kith_cassandra_ask(
    client: &Client,
    requests: *const Request,
    count: usize,
    done: extern "C" fn(*mut c_void, *mut Answer),
    context: *mut c_void,
) {
    let requests = if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(requests, count) } };
    let statements = client.statements.read().unwrap();
    let asks = requests.iter().map(|request| {
        let mut prepared = statements[request.statement as usize].clone();
        prepared.set_page_size(request.page_rows);
        let values = match request.values_count {
            0 => &[],
            count => unsafe { std::slice::from_raw_parts(request.values, count) },
        };
        Ask {
            prepared,
            values: values.iter().map(|value| Raw(value.copied())).collect(),
            one_page: request.one_page,
            page: request.page.copied(),
        }
    });
    let asks: Vec<Ask> = asks.collect();
    let session = client.session.as_ref().unwrap().clone();
    let turns = client.turns.clone();
    let deadline = client.deadline;
    let mut closing = client.closing.subscribe();
    let under_way = client.under_way.clone();
    let context = Context(context);
    *under_way.0.lock().unwrap() += 1;
    client.runtime.as_ref().unwrap().spawn(async move {
        let context = context;
        let retries = AtomicU32::new(0);
        let ended = {
            let asked = std::pin::pin!(all(session, turns, asks, deadline, &retries));
            let closed = std::pin::pin!(closing.wait_for(|closing| *closing));
            match futures::future::select(asked, closed).await {
                futures::future::Either::Left((ended, _)) => ended,
                futures::future::Either::Right(_) => Err(away("this end is closing")),
            }
        };
        let retries = retries.into_inner();
        done(
            context.0,
            match ended {
                Ok(bytes) => Answer::boxed(DONE, retries, bytes),
                Err(failure) => Answer::boxed(failure.kind, retries, failure.say.into_bytes()),
            },
        );
        *under_way.0.lock().unwrap() -= 1;
        under_way.1.notify_all();
    });
}

#[no_mangle]
pub extern "C" fn kith_cassandra_free(answer: *mut Answer) {
    drop(unsafe { Box::from_raw(answer) });
}
